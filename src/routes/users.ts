import { Router } from 'express';
import { authorize } from '../middleware/authorize.js';
import { usersOnly } from '../middleware/users-only.js';
import { handle } from '../middleware/validate.js';
import { InviteUser, ListInvitations, presentInvitation, RevokeInvitation } from '../schemas/invitations.js';
import { CreateUser, DeleteUser, GetUser, ListUsers, presentUser, UpdateUser } from '../schemas/users.js';
import * as invitations from '../services/invitations.js';
import * as members from '../services/members.js';

export const userRoutes = Router();

userRoutes.get(
  '/',
  authorize('manage_users'),
  usersOnly('manage users'),
  handle(ListUsers, async ({ tenant, query }) => {
    const { items, pagination } = await members.list(tenant, query);
    return { users: items.map(presentUser), pagination };
  }),
);

userRoutes.post(
  '/',
  authorize('manage_users'),
  usersOnly('manage users'),
  handle(CreateUser, async ({ tenant, caller, body, attempt }) => ({
    user: presentUser(await members.add(tenant, caller, body, attempt)),
  })),
);

userRoutes.post(
  '/invite',
  authorize('manage_users'),
  usersOnly('manage users'),
  handle(InviteUser, async ({ tenant, caller, body, attempt }) => ({
    invitation: presentInvitation(await invitations.invite(tenant, caller, body, attempt)),
  })),
);

userRoutes.get(
  '/invitations',
  authorize('manage_users'),
  usersOnly('manage users'),
  handle(ListInvitations, async ({ tenant, query }) => {
    const { items, pagination } = await invitations.list(tenant, query);
    return { invitations: items.map(presentInvitation), pagination };
  }),
);

userRoutes.delete(
  '/invitations/:id',
  authorize('manage_users'),
  usersOnly('manage users'),
  handle(RevokeInvitation, async ({ tenant, caller, params }) => {
    await invitations.revoke(tenant, caller, params.id);
    return {};
  }),
);

userRoutes.get(
  '/:id',
  authorize('manage_users'),
  usersOnly('manage users'),
  handle(GetUser, async ({ tenant, params }) => ({ user: presentUser(await members.get(tenant, params.id)) })),
);

userRoutes.patch(
  '/:id',
  authorize('manage_users'),
  usersOnly('manage users'),
  handle(UpdateUser, async ({ tenant, caller, params, body }) => ({
    user: presentUser(await members.update(tenant, caller, params.id, body)),
  })),
);

userRoutes.delete(
  '/:id',
  authorize('manage_users'),
  usersOnly('manage users'),
  handle(DeleteUser, async ({ tenant, caller, params }) => {
    await members.remove(tenant, caller, params.id);
    return {};
  }),
);
