import { Types } from 'mongoose';
import { config } from '../config.js';
import { forbidden, unauthenticated } from '../errors.js';
import type { Business } from '../models/business.js';
import { type User, UserModel } from '../models/user.js';
import { effectivePermissions, USER_PERMISSIONS } from '../permissions.js';
import type { Caller } from '../tenant.js';
import * as businesses from './businesses.js';
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
 * deactivated user; `business_inactive`.
 */
export async function login(email: string, password: string): Promise<Identity & { token: string }> {
  const user = await UserModel.findOne({ email }).lean<User>();
  const isRight = await passwords.matches(password, user?.password);
  if (!user?.isActive || !isRight) throw unauthenticated('The address or the password is not right');
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
 * Who a session token speaks for, or undefined where it is not valid (any more). The token only names the user: what he
 * may do is read afresh, so a change of role, a deactivation or a sign-out bites at once.
 * @throws AppError `business_inactive`.
 */
export async function callerOf(token: string): Promise<Caller | undefined> {
  const claims = tokens.read(token);
  if (!claims) return undefined;
  const user = await UserModel.findById(claims.userId).lean<User>();
  if (!user?.isActive || user.tokenVersion !== claims.version) return undefined;
  const business = await businessOf(user);
  return {
    kind: 'user',
    id: user._id,
    role: user.role,
    permissions: effectivePermissions(user.role, user.permissions),
    ...(business ? { businessId: business._id, plan: business.subscription.plan } : {}),
  };
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
