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
    businessName: line(200),
    domain: Domain,
    email: Email,
    password: NewPassword,
    name: line(200),
  }),
  status: 201,
  answer: { token: Token, ...identity },
});

export const Login = operation({
  summary: 'Sign in',
  description: '401 `unauthenticated`, the same for an unknown address and a wrong password.',
  body: z.strictObject({ email: Email, password: z.string().min(1, 'must not be empty').max(1024) }),
  answer: { token: Token, ...identity },
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
