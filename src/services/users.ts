import type { Types } from 'mongoose';
import { conflict } from '../errors.js';
import { type User, UserModel } from '../models/user.js';
import { isDuplicateKey, JOURNALED } from '../mongo.js';
import type { Role, UserPermission } from '../permissions.js';
import type { Plan } from '../plans.js';
import * as passwords from './passwords.js';

export interface NewUser {
  _id?: Types.ObjectId;
  /** In the hub's one spelling (`Email` in `schemas/common.ts`). */
  email: string;
  name: string;
  /** As typed; at most 72 bytes. */
  password: string;
  role: Role;
  permissions: readonly UserPermission[];
  /** None for a super_admin. */
  business?: Types.ObjectId;
  /** The business that comes into being with the user: see `businesses.found`. */
  founding?: { name: string; domain: string; plan?: Plan; emailsPerMonth?: number };
}

/**
 * Writes a user, journaled: once this returns, nothing forgets him.
 * @throws AppError `conflict` where the address has an account: the unique index decides, whoever asked first.
 */
export async function create({ password, ...user }: NewUser): Promise<User> {
  return insert({ ...user, passwordHash: await passwords.hash(password) });
}

/** `create`, for a password that is hashed already: hashing takes its time, and this none. @throws AppError as `create`. */
export async function insert({
  passwordHash,
  permissions,
  ...fields
}: Omit<NewUser, 'password'> & { passwordHash: string }): Promise<User> {
  try {
    const user = new UserModel({ ...fields, permissions: [...permissions], password: passwordHash });
    await user.save({ ...JOURNALED });
    return user.toObject();
  } catch (error) {
    if (isDuplicateKey(error)) {
      throw conflict('There is already an account with this address');
    }
    throw error;
  }
}
