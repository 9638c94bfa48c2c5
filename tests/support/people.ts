import { Types } from 'mongoose';
import { type User, UserModel } from '../../src/models/user.js';
import { USER_PERMISSIONS } from '../../src/permissions.js';
import * as tokens from '../../src/services/tokens.js';
import { type Registered, unique } from './factories.js';

/** One more user of a business. */
export interface Member {
  id: string;
  token: string;
  email: string;
}

/**
 * Puts a user beside those who are there, and signs him in. Without a hash of a password: each would cost a bcrypt, so nobody can
 * log in as him.
 */
export async function member(who: Registered, overrides: Partial<User> = {}): Promise<Member> {
  const made = await UserModel.create({
    email: `${unique('member')}@people.test`,
    name: 'Member',
    password: 'no hash',
    business: new Types.ObjectId(who.businessId),
    role: 'business_user',
    permissions: [],
    ...overrides,
  });
  const user = made.toObject();
  return { id: String(user._id), token: tokens.sign(user), email: user.email };
}

/** One more administrator of a business, with every permission. */
export async function admin(who: Registered, overrides: Partial<User> = {}): Promise<Member> {
  return member(who, { role: 'business_admin', permissions: [...USER_PERMISSIONS], ...overrides });
}
