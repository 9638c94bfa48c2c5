import { Types } from 'mongoose';
import type { z } from 'zod';
import { notFound } from '../errors.js';
import { type Suppression, SuppressionModel, type SuppressionReason } from '../models/suppression.js';
import type { AddSuppression, ListSuppressions } from '../schemas/suppressions.js';
import { suppress, suppressAll, unsuppress } from '../sending/suppression.js';
import type { AccountList } from '../ses/suppression-list.js';
import { type Caller, owned, type Tenant } from '../tenant.js';
import * as accountLists from './account-list.js';
import * as pages from './pages.js';
import { startingWith } from './prefix.js';
import { type ImportReport, importEntries, type Source } from './recipient-import/index.js';

/** A row without reasons is what a resubscription left: it suppresses nobody. */
const WITH_REASONS = { 'reasons.0': { $exists: true } };

/** The tenant's list, newest first. */
export async function list(
  tenant: Tenant,
  { reason, email, ...page }: z.output<typeof ListSuppressions.query>,
): Promise<pages.Page<Suppression>> {
  const filter = {
    ...WITH_REASONS,
    ...(reason ? { 'reasons.reason': reason } : {}),
    ...(email ? { email: startingWith(email) } : {}),
  };
  return pages.read(page, (before, count) =>
    SuppressionModel.find(owned(tenant, { ...before, ...filter }))
      .sort({ _id: -1 })
      .limit(count)
      .lean<Suppression[]>(),
  );
}

/** Puts an address on the list by hand; one that is there for the same reason stays as it is. */
export async function add(
  tenant: Tenant,
  author: Caller,
  { email, reason }: z.output<typeof AddSuppression.body>,
): Promise<Suppression> {
  await suppress(tenant, email, reason, sourceOf(author));
  const row = await SuppressionModel.findOne(owned(tenant, { email })).lean<Suppression>();
  if (!row) throw notFound('suppression');
  return row;
}

/**
 * Takes an address off the list, or one of its reasons; and off SES's own list, where SES has nothing left to keep it for. SES
 * comes first: whatever dies in between, the address is still on the list here, and can be taken off again.
 * @throws AppError `not_found`, also for a reason that it does not have.
 */
export async function remove(tenant: Tenant, id: string, reason?: SuppressionReason): Promise<AccountList> {
  const filter = owned(tenant, { _id: new Types.ObjectId(id), ...WITH_REASONS });
  const row = await SuppressionModel.findOne(filter).lean<Suppression>();
  if (!row) throw notFound('suppression');
  const isTaken = (one: { reason: SuppressionReason }) => reason === undefined || one.reason === reason;
  const [taken, kept] = [row.reasons.filter(isTaken), row.reasons.filter((one) => !isTaken(one))];
  if (taken.length === 0) throw notFound('reason of this suppression');
  const accountList = await accountLists.clear(tenant, row.email, { taken, kept });
  // Each by its name, so that a reason of this very moment stays.
  for (const one of taken) await unsuppress(tenant, row.email, one.reason);
  return accountList;
}

/** Puts many addresses on the list for one reason, in flat memory. @throws AppError as `importEntries`. */
export async function importAll(
  tenant: Tenant,
  author: Caller,
  reason: SuppressionReason,
  source: Source,
): Promise<ImportReport> {
  const free = { renew: async () => undefined, confirm: async () => undefined };
  const write = async (batch: readonly { email: string }[]) => {
    const emails = batch.map(({ email }) => email);
    const known = await suppressAll(tenant, emails, reason, sourceOf(author));
    return { added: emails.length - known.length, duplicates: known.length, suppressed: 0 };
  };
  return importEntries(source, free, write, 'email');
}

const sourceOf = ({ kind, id }: Caller) => `${kind}:${id.toHexString()}`;
