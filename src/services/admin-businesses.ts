import type { Types } from 'mongoose';
import type { z } from 'zod';
import { createOnce, partId, soleAttempt } from '../attempt.js';
import { BUSINESS_STATUSES, type Business, BusinessModel, PLAN_LIMITS, SEARCH_COLLATION } from '../models/business.js';
import { type User, UserModel } from '../models/user.js';
import { USER_PERMISSIONS } from '../permissions.js';
import { PLANS } from '../plans.js';
import type { AdminBusinessChanges, AdminCreateBusiness, AdminListBusinesses } from '../schemas/admin.js';
import { goOn, INACTIVE } from '../sending/campaigns/going-on.js';
import { pauseAll } from '../sending/campaigns/moves.js';
import { resetMonth } from '../sending/limits/reset.js';
import { type Usage, usage, usages } from '../sending/limits/usage.js';
import * as audit from './audit.js';
import * as businesses from './businesses.js';
import { callers } from './callers.js';
import * as defaultWebhook from './default-webhook.js';
import * as pages from './pages.js';
import * as users from './users.js';

/** A business as an administrator of the hub sees it. */
export interface Overview extends businesses.Shown {
  usage: Usage;
}

type Filters = Pick<z.output<typeof AdminListBusinesses.query>, 'search' | 'status' | 'plan'>;

/** Every business, newest first, each with its month. @throws AppError `validation_failed` for a cursor that no page gave. */
export async function list({
  limit,
  cursor,
  ...filters
}: z.output<typeof AdminListBusinesses.query>): Promise<pages.Page<Overview>> {
  const { items, pagination } = await pages.read({ limit, cursor }, (before, count) =>
    query(filters, before).sort({ _id: -1 }).limit(count).lean<Business[]>(),
  );
  const ids = items.map(({ _id }) => _id);
  const [months, urls] = await Promise.all([usages(ids), defaultWebhook.urlsOf(ids)]);
  const overviews = items.flatMap((business) => {
    const id = business._id.toHexString();
    const month = months.get(id);
    // One that was deleted by hand between the two has no month, and is not there.
    return month ? [{ business, webhookUrl: urls.get(id), usage: month }] : [];
  });
  return { items: overviews, pagination };
}

/** The search for a page, each way of it by an index. */
export function query({ search, status, plan }: Filters, before: object = {}) {
  const filter = {
    ...(status ? { status } : {}),
    ...(plan ? { 'subscription.plan': plan } : {}),
  };
  if (search !== undefined) {
    const begins = { $gte: search, $lt: `${search}\uffff` };
    const found = { ...filter, $or: [{ name: begins }, { domain: begins }] };
    return BusinessModel.find({ $and: [found, before] }).collation(SEARCH_COLLATION);
  }
  // With a value for each of its fields the index gives the order of the ids.
  const values = { status: { $in: [...BUSINESS_STATUSES] }, 'subscription.plan': { $in: [...PLANS] } };
  return BusinessModel.find({ $and: [status || plan ? { ...values, ...filter } : {}, before] });
}

/** @throws AppError `not_found`. */
export async function get(id: Types.ObjectId): Promise<Overview> {
  return overview(await businesses.get(id));
}

/**
 * Makes a business and its first admin, as a registration does: the user's insert makes it true, and the business follows.
 * @throws AppError `conflict` where the address has an account.
 */
export async function create(
  actor: audit.UserActor,
  { name, domain, subscription, admin }: z.output<typeof AdminCreateBusiness.body>,
  attempt = soleAttempt(),
): Promise<Overview & { user: User }> {
  const { id } = attempt;
  const founding = { name, domain, ...withLimit(subscription) };
  const what = { action: 'business.create', business: id, detail: { ...founding, admin: admin.email } };
  return audit.act(actor, what, async () => {
    const _id = partId(attempt, 1);
    const made = () => UserModel.findById(_id).lean<User>();
    const user = await createOnce(attempt, made, () =>
      users.create({
        ...admin,
        _id,
        role: 'business_admin',
        permissions: USER_PERMISSIONS,
        business: id,
        founding,
      }),
    );
    await businesses.found(user);
    return { ...(await get(id)), user };
  });
}

/**
 * Sets a plan, a limit, a status. A plan brings its limit along unless one is given with it. What runs stops at once when the
 * business is not active any more, and goes on when it is again, or when the month has more room.
 * @throws AppError `not_found`.
 */
export async function update(
  actor: audit.UserActor,
  id: Types.ObjectId,
  changes: AdminBusinessChanges,
): Promise<Overview> {
  return audit.act(actor, { action: 'business.update', business: id, detail: changes }, async () => {
    const { plan, emailsPerMonth } = withLimit(changes.subscription);
    const business = await businesses.change(id, {
      $set: {
        ...(plan === undefined ? {} : { 'subscription.plan': plan }),
        ...(emailsPerMonth === undefined ? {} : { 'subscription.emailsPerMonth': emailsPerMonth }),
        ...(changes.status ? { status: changes.status } : {}),
      },
    });
    callers.forget();
    // The status is what counts: what dies before this, each batch and the sweeper make good.
    if (business.status === 'active') await goOn(id);
    else await pauseAll(id, 'business_inactive', INACTIVE);
    return overview(business);
  });
}

/**
 * Begins the month of a business anew; what the month's limit had paused goes on.
 * @throws AppError `not_found`.
 */
export async function resetQuota(actor: audit.UserActor, id: Types.ObjectId): Promise<Overview> {
  const { business, usage: before } = await get(id);
  const detail = { period: before.period, used: before.used };
  return audit.act(actor, { action: 'business.reset-quota', business: business._id, detail }, async () => {
    await resetMonth(id);
    await goOn(id);
    return get(id);
  });
}

const overview = async (business: Business): Promise<Overview> => ({
  ...(await businesses.shown(business)),
  usage: await usage(business._id, []),
});

function withLimit({ plan, emailsPerMonth }: NonNullable<AdminBusinessChanges['subscription']> = {}) {
  const limit = emailsPerMonth ?? (plan && PLAN_LIMITS[plan]);
  return { ...(plan ? { plan } : {}), ...(limit === undefined ? {} : { emailsPerMonth: limit }) };
}
