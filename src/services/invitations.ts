import { Types } from 'mongoose';
import type { z } from 'zod';
import { soleAttempt } from '../attempt.js';
import { conflict, forbidden, invalid, notFound } from '../errors.js';
import type { Business } from '../models/business.js';
import { type Invitation, InvitationModel } from '../models/invitation.js';
import { type User, UserModel } from '../models/user.js';
import { isDuplicateKey, JOURNALED } from '../mongo.js';
import { effectivePermissions } from '../permissions.js';
import { hashOf, newToken } from '../random-token.js';
import type { AcceptInvitation, InviteUser } from '../schemas/invitations.js';
import { type Caller, owned, type Tenant } from '../tenant.js';
import { linkTo } from './account-links.js';
import * as authority from './authority.js';
import * as businesses from './businesses.js';
import { invitationMail } from './invitation-mail.js';
import * as mailAllowance from './mail-allowance.js';
import * as pages from './pages.js';
import * as passwords from './passwords.js';
import * as systemMail from './system-mail.js';
import * as tokens from './tokens.js';
import * as users from './users.js';

const VALID_MS = 7 * 86_400_000;

/** Neither accepted nor over. */
const open = () => ({ acceptedAt: { $exists: false }, expiresAt: { $gt: new Date() } });

/**
 * Invites somebody by mail to become a user of the tenant. An earlier invitation of the address ends: its row is taken over.
 * @throws AppError `unavailable` where the hub sends no mail of its own; `forbidden` for rights that the inviter cannot give, and
 * where he is no administrator for the invitation of one; `conflict` where the address has an account, or what an earlier try
 * made was revoked; `rate_limited`.
 */
export async function invite(
  tenant: Tenant,
  inviter: Caller,
  { email, name, role, permissions = authority.permissionsFor(inviter, role) }: z.output<typeof InviteUser.body>,
  attempt = soleAttempt(),
): Promise<Invitation> {
  // The mail is the last write: where another try came so far, all is done, and a further link would end the one in it.
  const isMailed = attempt.isKeyed && (await systemMail.isEnqueued(attempt.id));
  const made = isMailed ? await InvitationModel.findOne(owned(tenant, { email })).lean<Invitation>() : null;
  if (made) return made;
  if (isMailed)
    throw conflict('This invitation has been taken back meanwhile; invite anew with another Idempotency-Key');
  systemMail.requireSystemMail();
  authority.requireGrant(inviter, { role, permissions });
  if (await UserModel.exists({ email })) throw conflict('There is already an account with this address');
  const business = await businesses.get(tenant.businessId);
  await requireReplaceable(tenant, inviter, email);
  await mailAllowance.takeOfAddress(email);
  await mailAllowance.takeOfBusiness(tenant.businessId);
  const token = newToken();
  const expiresAt = new Date(Date.now() + VALID_MS);
  const terms = { role, permissions: [...permissions], tokenHash: hashOf(token), invitedBy: inviter.id, expiresAt };
  const invitation = await put(tenant, email, { ...terms, ...(name === undefined ? {} : { name }) });
  const host = await UserModel.findById(inviter.id).select({ name: 1 }).lean<Pick<User, 'name'>>();
  // After the row: a link in somebody's hands always leads somewhere.
  await systemMail.enqueue({
    id: attempt.id,
    to: email,
    expiresAt,
    ...invitationMail(business, host?.name, linkTo('accept-invitation', token)),
  });
  return invitation;
}

/** The tenant's open invitations, newest first. */
export async function list(
  tenant: Tenant,
  page: { cursor?: string | undefined; limit: number },
): Promise<pages.Page<Invitation>> {
  await settle(tenant);
  return pages.read(page, (before, count) =>
    InvitationModel.find(owned(tenant, { ...before, ...open() }))
      .sort({ _id: -1 })
      .limit(count)
      .lean<Invitation[]>(),
  );
}

/** Ends an open invitation. @throws AppError `not_found`; `forbidden` for an administrator's where the caller is none. */
export async function revoke(tenant: Tenant, caller: Caller, id: string): Promise<void> {
  await settle(tenant);
  const filter = owned(tenant, { _id: new Types.ObjectId(id), ...open() });
  const invitation = await InvitationModel.findOne(filter).lean<Invitation>();
  if (!invitation) throw notFound('open invitation');
  authority.requireTouch(caller, invitation);
  const { deletedCount } = await InvitationModel.deleteOne({ ...filter, role: invitation.role }).setOptions({
    writeConcern: JOURNALED,
  });
  if (deletedCount === 0) throw notFound('open invitation');
}

/** Ends whatever invitation the address has. */
export async function forget(tenant: Tenant, email: string): Promise<void> {
  await InvitationModel.deleteOne(owned(tenant, { email })).setOptions({ writeConcern: JOURNALED });
}

/**
 * Makes the invited person a user. His insert is the truth of it, and the unique address lets it happen once; that the invitation
 * is used up only follows from it.
 * @throws AppError `validation_failed` for a token that opens nothing; `conflict` where it was used, or the address has an
 * account; `forbidden` where the inviter could not give these rights any more; `business_inactive`.
 */
export async function accept({
  token,
  name,
  password,
}: z.output<typeof AcceptInvitation.body>): Promise<{ token: string; user: User; business: Business }> {
  await redeemable(token);
  const passwordHash = await passwords.hash(password);
  // Once more, after the one step that takes its time: what was revoked meanwhile is over.
  const { invitation, business } = await redeemable(token);
  const { email, role, permissions } = invitation;
  try {
    const user = await users.insert({ email, name, passwordHash, role, permissions, business: business._id });
    return { token: tokens.sign(user), user, business };
  } finally {
    await settle({ businessId: business._id });
  }
}

/** The invitation behind a token, if it still holds. @throws AppError as `accept`. */
async function redeemable(token: string): Promise<{ invitation: Invitation; business: Business }> {
  const invitation = await InvitationModel.findOne({ tokenHash: hashOf(token) }).lean<Invitation>();
  if (invitation?.acceptedAt) throw conflict('This invitation has been accepted already; sign in');
  if (!invitation || invitation.expiresAt <= new Date()) {
    throw invalid([{ path: 'token', message: 'opens no invitation, or not any more; ask for a new one' }]);
  }
  const business = await businesses.getActive(invitation.business);
  const inviter = await UserModel.findById(invitation.invitedBy).lean<User>();
  if (!inviter || !couldStillInvite(inviter, invitation)) {
    throw forbidden('Whoever invited you could not do so any more; ask for a new invitation');
  }
  return { invitation, business };
}

function couldStillInvite({ isActive, role, permissions, business }: User, invitation: Invitation): boolean {
  const giver = { role, permissions: effectivePermissions(role, permissions) };
  const isThere = role === 'super_admin' || business?.equals(invitation.business);
  const isAble = giver.permissions.includes('manage_users') && !authority.grantProblem(giver, invitation);
  return isActive && Boolean(isThere) && isAble;
}

/** Marks what was accepted: whoever has become a user needs no invitation. A crash leaves this to the next who comes. */
async function settle(tenant: Tenant): Promise<void> {
  const invited = await InvitationModel.find(owned(tenant, open())).select({ email: 1 }).lean<Invitation[]>();
  const joined = await UserModel.distinct(
    'email',
    owned(tenant, { email: { $in: invited.map(({ email }) => email) } }),
  );
  if (joined.length === 0) return;
  const accepted = invited.filter(({ email }) => joined.includes(email)).map(({ _id }) => _id);
  await InvitationModel.updateMany(owned(tenant, { _id: { $in: accepted } }), { $set: { acceptedAt: new Date() } });
}

async function requireReplaceable(tenant: Tenant, inviter: Caller, email: string): Promise<void> {
  const earlier = await InvitationModel.findOne(owned(tenant, { email, ...open() })).lean<Invitation>();
  if (earlier) authority.requireTouch(inviter, earlier);
}

async function put(tenant: Tenant, email: string, terms: Partial<Invitation>): Promise<Invitation> {
  const write = () =>
    InvitationModel.findOneAndUpdate(
      owned(tenant, { email }),
      { $set: terms, $unset: { acceptedAt: 1, ...(terms.name === undefined ? { name: 1 } : {}) } },
      { upsert: true, returnDocument: 'after', runValidators: true, writeConcern: JOURNALED },
    )
      .orFail()
      .lean<Invitation>();
  // Of two first invitations at once one meets the other's row, and takes it over.
  return write().catch((error: unknown) => {
    if (isDuplicateKey(error)) return write();
    throw error;
  });
}
