import { Types } from 'mongoose';
import { config } from '../config.js';
import { businessInactive, forbidden, unauthenticated } from '../errors.js';
import type { Business } from '../models/business.js';
import { type User, UserModel } from '../models/user.js';
import { JOURNALED } from '../mongo.js';
import { effectivePermissions, USER_PERMISSIONS } from '../permissions.js';
import type { Caller } from '../tenant.js';
import * as businesses from './businesses.js';
import { type Callers, callers, type KnownUser, type WithBusiness, withBusiness } from './callers.js';
import * as loginFailures from './login-failures.js';
import * as passwords from './passwords.js';
import * as tokens from './tokens.js';
import * as users from './users.js';

/** A user and the business he acts within; none for a super_admin. */
export interface Identity {
  user: User;
  business: Business | null;
}

export interface Registration {
  businessName: string;
  domain: string;
  email: string;
  password: string;
  name: string;
}

/**
 * Makes a business and its first admin, with every permission. One insert, of the user who is `founding` the business,
 * makes it true; the business follows, at the latest when the user comes next.
 * @throws AppError `forbidden` unless REGISTRATION is open; `conflict` where the address has an account.
 */
export async function register(registration: Registration): Promise<Identity & { token: string }> {
  requireOpenRegistration();
  const { businessName, domain, ...person } = registration;
  const user = await users.create({
    ...person,
    role: 'business_admin',
    permissions: USER_PERMISSIONS,
    business: new Types.ObjectId(),
    founding: { name: businessName, domain },
  });
  return { token: tokens.sign(user), user, business: await businessOf(user) };
}

/**
 * @throws AppError `unauthenticated`, the same and after the same work for an unknown address, a wrong password and a
 * deactivated user; `rate_limited` after too many failures; `business_inactive`.
 */
export async function login(
  { email, password }: { email: string; password: string },
  ip: string,
): Promise<Identity & { token: string }> {
  const patience = () => loginFailures.requirePatience({ email, ip });
  await patience();
  const user = await UserModel.findOne({ email }).lean<User>();
  const isRight = await passwords.matches(password, user?.password, patience);
  if (!user?.isActive || !isRight) {
    await loginFailures.note({ email, ip });
    throw unauthenticated('The address or the password is not right');
  }
  await loginFailures.forget({ email, ip });
  const business = await businessOf(user);
  await UserModel.updateOne({ _id: user._id }, { $set: { lastLogin: new Date() } });
  return { token: tokens.sign(user), user, business };
}

/**
 * The signed-in user and his business.
 * @throws AppError `unauthenticated` where he was deleted a moment ago.
 */
export async function me(caller: Caller): Promise<Identity> {
  const user = await UserModel.findById(caller.id).lean<User>();
  if (!user) throw unauthenticated();
  return { user, business: await businessOf(user) };
}

/**
 * The session's next token; the session itself ends 30 days after the login.
 * @throws AppError `unauthenticated` for a caller without one.
 */
export function refresh({ id, session }: Caller): string {
  if (!session) throw unauthenticated();
  return tokens.renew({ userId: String(id), ...session });
}

/** Ends every token of the user, at once in this process and within a second in every other. */
export async function logout({ id, session }: Caller): Promise<void> {
  // Only those of the version that asks: a sign-in after another logout stays.
  const asked = { _id: id, tokenVersion: session?.version };
  await UserModel.updateOne(asked, { $inc: { tokenVersion: 1 } }, { writeConcern: JOURNALED });
  callers.forget();
}

/**
 * Who a session token speaks for, or undefined where it is not valid (any more). The token only names the user: what he
 * may do is the database's word, a second old at most, so a change of role, a deactivation or a sign-out bites.
 * @throws AppError `business_inactive`.
 */
export async function callerOf(token: string, known: Callers = callers): Promise<Caller | undefined> {
  const claims = tokens.read(token);
  if (!claims) return undefined;
  const { userId, ...session } = claims;
  const user = await known.users.get(
    userId,
    () => readUser(new Types.ObjectId(userId)),
    // Another process has signed this one since: who signs in again is not sent away by what is kept here.
    ({ version }) => version < session.version,
  );
  return user?.version === session.version ? { ...user.caller, session } : undefined;
}

async function readUser(id: Types.ObjectId): Promise<KnownUser | undefined> {
  const [user] = await UserModel.aggregate<WithBusiness<User>>([{ $match: { _id: id } }, ...withBusiness()]);
  if (!user?.isActive) return undefined;
  const { role, permissions, tokenVersion: version } = user;
  const caller = { kind: 'user', id, role, permissions: effectivePermissions(role, permissions) } as const;
  if (role === 'super_admin') return { version, caller };
  const business = user.business ?? (await foundedBy(user));
  if (business?.status !== 'active') throw businessInactive();
  return { version, caller: { ...caller, businessId: business._id, plan: business.subscription.plan } };
}

/** The business of a registration that broke off before it was written. */
async function foundedBy({ _id, founding }: WithBusiness<User>): Promise<Business | null> {
  const user = founding && (await UserModel.findById(_id).lean<User>());
  return user ? businessOf(user) : null;
}

/** @throws AppError `business_inactive`. */
async function businessOf(user: User): Promise<Business | null> {
  if (user.role === 'super_admin' || !user.business) return null;
  await businesses.found(user);
  return businesses.getActive(user.business);
}

function requireOpenRegistration(): void {
  const { registration } = config();
  if (registration === 'closed') {
    throw forbidden('Registration is closed here; ask the administrator of the hub for an account');
  }
  if (registration === 'invite') {
    throw forbidden('Registration is by invitation only; ask an administrator of your business for one');
  }
}
