import { Router } from 'express';
import { handle } from '../middleware/validate.js';
import { presentIdentity } from '../schemas/auth.js';
import { AcceptInvitation } from '../schemas/invitations.js';
import * as invitations from '../services/invitations.js';

export const invitationRoutes = Router();

invitationRoutes.post(
  '/accept-invitation',
  handle(AcceptInvitation, async ({ body }) => {
    const { token, ...identity } = await invitations.accept(body);
    return { token, ...presentIdentity(identity) };
  }),
);
