import { z } from 'zod';
import { TENANT_ROLES } from '../models/invitation.js';
import type { User } from '../models/user.js';
import { ROLES, USER_PERMISSIONS } from '../permissions.js';
import { NewPassword } from './auth.js';
import { Email, line, searchText } from './common.js';
import { ById, Id, operation, PageQuery, Pagination } from './operation.js';

export const TenantRole = z.enum(TENANT_ROLES);

export const UserPermissions = z
  .array(z.enum(USER_PERMISSIONS))
  .transform((all) => [...new Set(all)])
  .meta({ example: ['manage_campaigns', 'send_emails', 'view_analytics'] });

/** What somebody is to be. Where `permissions` are left out, the role says them. */
export const rights = {
  role: TenantRole.default('business_user'),
  permissions: UserPermissions.optional().meta({
    description:
      'At most what the caller holds. Where left out: everything the caller holds for a business_admin, nothing for a business_user. A business_admin needs `manage_users`',
  }),
};

const UserView = z
  .object({
    id: Id,
    email: z.string(),
    name: z.string(),
    role: z.enum(ROLES),
    permissions: z.array(z.enum(USER_PERMISSIONS)),
    isActive: z.boolean(),
    lastLogin: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'User' });

export const ListUsers = operation({
  summary: 'The users of the business, newest first',
  query: PageQuery.extend({
    search: searchText(320).toLowerCase().optional().meta({ description: 'What the address begins with' }),
    role: TenantRole.optional(),
    isActive: z
      .enum(['true', 'false'])
      .transform((text) => text === 'true')
      .optional(),
  }),
  answer: { users: z.array(UserView), pagination: Pagination },
});

export const CreateUser = operation({
  summary: 'Make a user',
  description:
    'With a password that he is told; `POST /api/users/invite` lets him choose one himself. Only an administrator makes another. 409 `conflict` where the address has an account anywhere in the hub.',
  body: z.strictObject({
    email: Email,
    name: line(200).meta({ example: 'Ann Lee' }),
    password: NewPassword,
    ...rights,
  }),
  status: 201,
  idempotent: true,
  answer: { user: UserView },
});

export const GetUser = operation({ summary: 'A user', params: ById, answer: { user: UserView } });

export const UpdateUser = operation({
  summary: 'Change a user, deactivate him or let him in again',
  description:
    'Nobody changes his own role, permissions or activity, and only an administrator touches another: 403. 409 `conflict` for the last active administrator, who stays one. Whoever becomes a business_admin gets what the caller holds, unless `permissions` are given. A deactivation ends every sign-in of the user, for good.',
  params: ById,
  body: z.strictObject({
    name: line(200).optional().meta({ example: 'Ann Lee' }),
    role: TenantRole.optional().meta({ example: 'business_user' }),
    permissions: UserPermissions.optional(),
    isActive: z.boolean().optional(),
  }),
  answer: { user: UserView },
});

export const DeleteUser = operation({
  summary: 'Remove a user',
  description:
    'What he made stays, and the API keys, too: they are the business’s. Nobody removes himself: 403; 409 `conflict` for the last active administrator.',
  params: ById,
  answer: {},
});

/** A user of a business, without what would let him be impersonated. */
export function presentUser(user: User): z.output<typeof UserView> {
  return {
    id: String(user._id),
    email: user.email,
    name: user.name,
    role: user.role,
    permissions: user.permissions,
    isActive: user.isActive,
    lastLogin: user.lastLogin?.toISOString() ?? null,
    createdAt: user.createdAt.toISOString(),
  };
}
