import { z } from 'zod';
import type { Invitation } from '../models/invitation.js';
import { USER_PERMISSIONS } from '../permissions.js';
import { NewPassword, SessionBusiness, SessionUser } from './auth.js';
import { Email, line } from './common.js';
import { ById, Id, operation, PageQuery, Pagination } from './operation.js';
import { rights, TenantRole } from './users.js';

const InvitationView = z
  .object({
    id: Id,
    email: z.string(),
    name: z.string().nullable(),
    role: TenantRole,
    permissions: z.array(z.enum(USER_PERMISSIONS)),
    invitedBy: Id.meta({ description: 'The user who invited' }),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'Invitation' });

export const InviteUser = operation({
  summary: 'Invite somebody by mail',
  description:
    'The link of the message is good for seven days, once, and as long as the inviter could still give these rights. To invite an address again replaces its earlier invitation. 409 `conflict` where the address has an account anywhere in the hub; 429 `rate_limited` after three messages to an address within an hour, or fifty of the business; 503 where the hub has no SES account of its own.',
  body: z.strictObject({ email: Email, name: line(200).optional().meta({ example: 'Ann Lee' }), ...rights }),
  status: 201,
  idempotent: true,
  answer: { invitation: InvitationView },
});

export const ListInvitations = operation({
  summary: 'The open invitations, newest first',
  query: PageQuery,
  answer: { invitations: z.array(InvitationView), pagination: Pagination },
});

export const RevokeInvitation = operation({
  summary: 'Take an open invitation back',
  params: ById,
  answer: {},
});

export const AcceptInvitation = operation({
  summary: 'Accept an invitation',
  description:
    'Makes the account and signs in. 422 `validation_failed` for a token that opens no invitation (any more); 409 `conflict` for one that was accepted, or where the address has an account by now; 403 `forbidden` where the inviter could not invite any more, `business_inactive` where the business is not active.',
  body: z.strictObject({
    token: z
      .string()
      .min(1, 'must not be empty')
      .max(200)
      .meta({ description: 'From the link’s fragment', example: 'Vd3kQ8mTz1xWb6RfYc0pJn5uHs2aLg9eKiOo7PyNtMw' }),
    name: line(200).meta({ example: 'Ann Lee' }),
    password: NewPassword,
  }),
  status: 201,
  answer: {
    token: z.string().meta({ description: 'For `Authorization: Bearer`; valid for JWT_EXPIRES_IN' }),
    user: SessionUser,
    business: SessionBusiness.nullable(),
  },
});

/** An invitation, without what is in its link. */
export function presentInvitation(invitation: Invitation): z.output<typeof InvitationView> {
  return {
    id: String(invitation._id),
    email: invitation.email,
    name: invitation.name ?? null,
    role: invitation.role,
    permissions: invitation.permissions,
    invitedBy: String(invitation.invitedBy),
    expiresAt: invitation.expiresAt.toISOString(),
  };
}
