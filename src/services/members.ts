import { Types } from 'mongoose';
import type { z } from 'zod';
import { createOnce, soleAttempt } from '../attempt.js';
import { conflict, forbidden, notFound } from '../errors.js';
import { type User, UserModel } from '../models/user.js';
import { JOURNALED } from '../mongo.js';
import type { CreateUser, ListUsers, UpdateUser } from '../schemas/users.js';
import { type Caller, owned, type Tenant } from '../tenant.js';
import * as authority from './authority.js';
import { callers } from './callers.js';
import * as invitations from './invitations.js';
import { isActiveAdmin, stepDown } from './last-admin.js';
import * as pages from './pages.js';
import { startingWith } from './prefix.js';
import * as users from './users.js';

export type UserChanges = z.output<typeof UpdateUser.body>;

/** How often a change is judged anew because the user was changed meanwhile. */
const MAX_ATTEMPTS = 5;

/** The tenant's users, newest first. */
export async function list(
  tenant: Tenant,
  { search, role, isActive, ...page }: z.output<typeof ListUsers.query>,
): Promise<pages.Page<User>> {
  const filter = {
    ...(search ? { email: startingWith(search) } : {}),
    ...(role ? { role } : {}),
    ...(isActive === undefined ? {} : { isActive }),
  };
  return pages.read(page, (before, count) =>
    UserModel.find(owned(tenant, { ...before, ...filter }))
      .sort({ _id: -1 })
      .limit(count)
      .lean<User[]>(),
  );
}

/** @throws AppError `not_found`. */
export async function get(tenant: Tenant, id: string): Promise<User> {
  const user = await UserModel.findOne(owned(tenant, { _id: new Types.ObjectId(id) })).lean<User>();
  if (!user) throw notFound('user');
  return user;
}

/**
 * Makes a user of the tenant's, with a password that he is told.
 * @throws AppError `forbidden` for rights that the caller cannot give; `conflict` where the address has an account.
 */
export async function add(
  tenant: Tenant,
  caller: Caller,
  { role, permissions = authority.permissionsFor(caller, role), ...person }: z.output<typeof CreateUser.body>,
  attempt = soleAttempt(),
): Promise<User> {
  const made = () => UserModel.findOne(owned(tenant, { _id: attempt.id })).lean<User>();
  return createOnce(attempt, made, () => {
    authority.requireGrant(caller, { role, permissions });
    return users.create({ ...person, _id: attempt.id, role, permissions, business: tenant.businessId });
  });
}

/**
 * Changes what is given. Written only where the user still is as he was judged; a deactivation ends his tokens for good, that
 * of a new password among them.
 * @throws AppError `not_found`; `forbidden` for the caller's own rights, rights that he cannot give, and an administrator where
 * he is none; `conflict` where no administrator would be left.
 */
export async function update(tenant: Tenant, caller: Caller, id: string, changes: UserChanges): Promise<User> {
  return judged(tenant, id, (user) => {
    const next = permitted(caller, user, changes);
    const isGoing = user.isActive && next.isActive === false;
    const write = (filter: object) =>
      UserModel.findOneAndUpdate(
        filter,
        {
          $set: next,
          ...(isGoing ? { $inc: { tokenVersion: 1 } } : {}),
          $unset: { leaving: 1, ...(isGoing ? { resetPasswordToken: 1, resetPasswordExpires: 1 } : {}) },
        },
        { returnDocument: 'after', runValidators: true, writeConcern: JOURNALED },
      ).lean<User>();
    const isLeaving = isActiveAdmin(user) && !isActiveAdmin({ ...user, ...next });
    return isLeaving ? stepDown(tenant, asJudged(tenant, user), write) : write(asJudged(tenant, user));
  });
}

/**
 * Removes a user, his tokens and what invitation led to him; what he made stays, and so do the business's API keys.
 * @throws AppError `not_found`; `forbidden` for the caller himself, and an administrator where he is none; `conflict` where no
 * administrator would be left.
 */
export async function remove(tenant: Tenant, caller: Caller, id: string): Promise<void> {
  await judged(tenant, id, async (user) => {
    if (user._id.equals(caller.id)) throw forbidden('Nobody removes himself; ask another administrator');
    authority.requireTouch(caller, user);
    const erase = async (filter: object) => {
      // First, or the link could bring him back.
      await invitations.forget(tenant, user.email);
      return UserModel.findOneAndDelete(filter, { writeConcern: JOURNALED }).lean<User>();
    };
    return isActiveAdmin(user) ? stepDown(tenant, asJudged(tenant, user), erase) : erase(asJudged(tenant, user));
  });
}

/** Judges and writes, anew where the user was changed in between. */
async function judged<T>(tenant: Tenant, id: string, act: (user: User) => Promise<T | null>): Promise<T> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const done = await act(await get(tenant, id));
    if (done) {
      callers.forget();
      return done;
    }
  }
  throw conflict('Somebody else is changing this user right now; try again');
}

/** Everything that a judgement rests on. */
function asJudged(tenant: Tenant, { _id, role, permissions, isActive }: User) {
  return owned(tenant, { _id, role, permissions, isActive });
}

/** The changes with all that follows from them, if the caller may make them. */
function permitted(caller: Caller, user: User, { name, isActive, ...rights }: UserChanges) {
  const isAboutRights = rights.role !== undefined || rights.permissions !== undefined;
  const isSelf = user._id.equals(caller.id);
  if (isSelf && (isAboutRights || isActive !== undefined)) {
    throw forbidden('Nobody changes his own role, permissions or activity; ask another administrator');
  }
  if (!isSelf) authority.requireTouch(caller, user);
  const next = isAboutRights ? rightsOf(caller, user, rights) : {};
  // To let somebody in again is to give him all that he had.
  if (isActive && !user.isActive) authority.requireGrant(caller, { ...user, ...next });
  return { ...(name === undefined ? {} : { name }), ...(isActive === undefined ? {} : { isActive }), ...next };
}

function rightsOf(caller: Caller, user: User, changes: Pick<UserChanges, 'role' | 'permissions'>): authority.Rights {
  const role = changes.role ?? user.role;
  const fitting = role === user.role ? user.permissions : authority.permissionsFor(caller, role, user.permissions);
  const rights = { role, permissions: changes.permissions ?? fitting };
  authority.requireGrant(caller, rights, user);
  return rights;
}
