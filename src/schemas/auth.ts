import { z } from 'zod';
import type { Business } from '../models/business.js';
import type { User } from '../models/user.js';
import { effectivePermissions, KEY_PERMISSIONS, ROLES } from '../permissions.js';
import { presentSubscription, SubscriptionView } from './businesses.js';
import { Domain, Email, line } from './common.js';
import { Id, operation } from './operation.js';

/** What bcrypt takes in; it would cut a longer password without a word. */
const MAX_PASSWORD_BYTES = 72;

/** A password to be: NIST SP 800-63B §5.1.1 asks for length, and for no rules about its letters. */
export const NewPassword = z
  .string()
  .min(8, 'must have at least 8 characters')
  .refine((text) => text.trim() !== '', 'must not be blank')
  .refine((text) => Buffer.byteLength(text) <= MAX_PASSWORD_BYTES, `must be at most ${MAX_PASSWORD_BYTES} bytes`)
  .meta({ example: 'correct horse battery' });

const GivenPassword = z.string().min(1, 'must not be empty').max(1024).meta({ example: 'correct horse battery' });

const RESET_TOKEN = 'p7Yx0b2nN1cWq3Zt8sVfL5uR6mKj9dHgEaTiOoPzXvQ';

const Token = z.string().meta({ description: 'For `Authorization: Bearer`; valid for JWT_EXPIRES_IN' });

export const SessionUser = z
  .object({
    id: Id,
    email: z.string(),
    name: z.string(),
    role: z.enum(ROLES),
    permissions: z.array(z.enum(KEY_PERMISSIONS)),
  })
  .meta({ id: 'SessionUser' });

export const SessionBusiness = z
  .object({ id: Id, name: z.string(), domain: z.string(), subscription: SubscriptionView })
  .meta({ id: 'SessionBusiness' });

/** `business` is null for a super_admin, who belongs to none. */
const identity = { user: SessionUser, business: SessionBusiness.nullable() };

export const Register = operation({
  summary: 'Register a business and its first administrator',
  description: '403 `forbidden` where REGISTRATION is not open; 409 `conflict` where the address has an account.',
  body: z.strictObject({
    businessName: line(200).meta({ example: 'Whisky Ltd' }),
    domain: Domain,
    email: Email,
    password: NewPassword,
    name: line(200).meta({ example: 'Ann Lee' }),
  }),
  status: 201,
  answer: { token: Token, ...identity },
});

export const Login = operation({
  summary: 'Sign in',
  description:
    '401 `unauthenticated`, the same for an unknown address and a wrong password. After five failures for an address from ' +
    'one place each further attempt has to wait, from a second up to 15 minutes: 429 `rate_limited` with `Retry-After`.',
  body: z.strictObject({ email: Email, password: GivenPassword }),
  answer: { token: Token, ...identity },
});

export const Refresh = operation({
  summary: 'A new token for the session',
  description: 'As long as the present one is valid. The session ends 30 days after the login: then sign in again.',
  answer: { token: Token },
});

export const Logout = operation({
  summary: 'Sign out everywhere',
  description: 'Ends every token of the user, within a second.',
  answer: {},
});

export const ChangePassword = operation({
  summary: 'Change one’s own password',
  description:
    'Ends every token of the user; the answer has a new one. 422 `validation_failed` where the present password is ' +
    'another one; 409 `conflict` where it was changed at the same moment.',
  body: z.strictObject({ currentPassword: GivenPassword, newPassword: NewPassword }),
  answer: { token: Token },
});

export const ForgotPassword = operation({
  summary: 'Have a link mailed to choose a new password',
  description:
    'The answer is the same whether the address has an account or not. The link works once and for an hour; an address ' +
    'gets three mails an hour at most. 503 `unavailable` where the hub has no SES account of its own.',
  body: z.strictObject({ email: Email }),
  status: 202,
  answer: {},
});

export const ResetPassword = operation({
  summary: 'Choose a new password by a mailed link',
  description:
    'Ends every token of the user. 422 `validation_failed` at `token` for one that was used, is older than an hour, or is ' +
    'none.',
  body: z.strictObject({
    token: z
      .string()
      .min(1, 'must not be empty')
      .max(200)
      .meta({ description: 'What stands behind `#token=` in the link', example: RESET_TOKEN }),
    password: NewPassword,
  }),
  answer: {},
});

export const ShowResetPassword = operation({
  summary: 'The page behind a mailed link, where there is no dashboard',
  description: 'It takes the token from the fragment of its address and posts it to `/api/auth/reset-password`.',
  answersWith: 'text/html',
  answer: {},
});

export const ShowAcceptInvitation = operation({
  summary: 'The page behind an invitation, where there is no dashboard',
  description: 'It takes the token from the fragment of its address and posts it to `/api/auth/accept-invitation`.',
  answersWith: 'text/html',
  answer: {},
});

export const GetMe = operation({ summary: 'The signed-in user and the business', answer: identity });

/** A user and his business as every answer of `/api/auth` shows them. */
export function presentIdentity({ user, business }: { user: User; business: Business | null }) {
  return {
    user: {
      id: String(user._id),
      email: user.email,
      name: user.name,
      role: user.role,
      permissions: [...effectivePermissions(user.role, user.permissions)],
    },
    business: business && {
      id: String(business._id),
      name: business.name,
      domain: business.domain,
      subscription: presentSubscription(business),
    },
  };
}
