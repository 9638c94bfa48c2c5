import { AppError, conflict, invalid, unauthenticated } from '../errors.js';
import { type User, UserModel } from '../models/user.js';
import { JOURNALED } from '../mongo.js';
import { hashOf, newToken } from '../random-token.js';
import type { Caller } from '../tenant.js';
import { linkTo } from './account-links.js';
import { callers } from './callers.js';
import * as loginFailures from './login-failures.js';
import * as mailAllowance from './mail-allowance.js';
import * as passwords from './passwords.js';
import { resetMail } from './reset-mail.js';
import * as systemMail from './system-mail.js';
import * as tokens from './tokens.js';

const VALID_MS = 3_600_000;

/** A new password ends every token of the user, and what is left of a reset. */
const replaced = (password: string) => ({
  $set: { password },
  $inc: { tokenVersion: 1 },
  $unset: { resetPasswordToken: 1, resetPasswordExpires: 1 },
});

/**
 * Replaces the password of a user who knows it, and ends all his tokens.
 * @returns a new token.
 * @throws AppError `validation_failed` where the present password is another one; `rate_limited` after too many wrong ones;
 * `conflict` where it was changed at the same moment.
 */
export async function change(
  { id }: Caller,
  { currentPassword, newPassword }: { currentPassword: string; newPassword: string },
  ip: string,
): Promise<string> {
  const user = await UserModel.findById(id).lean<User>();
  if (!user?.isActive) throw unauthenticated();
  const attempt = { email: user.email, ip };
  const patience = () => loginFailures.requirePatience(attempt);
  await patience();
  if (!(await passwords.matches(currentPassword, user.password, patience))) {
    await loginFailures.note(attempt);
    throw invalid([{ path: 'currentPassword', message: 'is not your password' }]);
  }
  const password = await passwords.hash(newPassword);
  // Only while it is the one that was given.
  const changed = await UserModel.findOneAndUpdate({ _id: id, password: user.password }, replaced(password), {
    returnDocument: 'after',
    writeConcern: JOURNALED,
  }).lean<User>();
  if (!changed) throw conflict('Your password was changed a moment ago; sign in with the new one');
  callers.forget();
  await loginFailures.forget(attempt);
  return tokens.sign(changed);
}

/**
 * Sends a link to choose a new password, if there is an active account of this address, and three mails an hour at most. The
 * same work, and the same silence, where there is none: a worker finds out whether somebody has the link's token.
 * @throws AppError `unavailable` where the hub sends no mail, whoever asks.
 */
export async function forgot(email: string): Promise<void> {
  systemMail.requireSystemMail();
  if (!(await mayBeMailed(email))) return;
  const token = newToken();
  const resetToken = hashOf(token);
  const expiresAt = new Date(Date.now() + VALID_MS);
  await UserModel.updateOne(
    { email, isActive: true },
    { $set: { resetPasswordToken: resetToken, resetPasswordExpires: expiresAt } },
  );
  // After the user, or it would find nobody; with it in the journal, what was written before it is there as well.
  await systemMail.enqueue({ to: email, expiresAt, resetToken, ...resetMail(linkTo('reset-password', token)) });
}

/**
 * Sets a new password by a reset's token: once, for one write takes the token away. It ends every token of the user.
 * @throws AppError `validation_failed` for a token that is used, too old or none.
 */
export async function reset(token: string, newPassword: string, ip: string): Promise<void> {
  const open = { resetPasswordToken: hashOf(token), resetPasswordExpires: { $gt: new Date() }, isActive: true };
  // Before the hashing, which nobody gets for a made-up token.
  if (!(await UserModel.exists(open))) throw deadLink();
  const password = await passwords.hash(newPassword);
  const user = await UserModel.findOneAndUpdate(open, replaced(password), { writeConcern: JOURNALED }).lean<User>();
  if (!user) throw deadLink();
  callers.forget();
  await loginFailures.forget({ email: user.email, ip });
}

const deadLink = () =>
  invalid(
    [{ path: 'token', message: 'is not valid, or not any more' }],
    'This link does not work any more; ask for a new one',
  );

async function mayBeMailed(email: string): Promise<boolean> {
  try {
    await mailAllowance.takeOfAddress(email);
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === 'rate_limited') return false;
    throw error;
  }
}
