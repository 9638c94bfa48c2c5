import type { Types } from 'mongoose';
import { type Delivery, DeliveryModel } from '../models/delivery.js';
import type { Tenant } from '../tenant.js';
import { recipientsOf, requireCampaign } from './recipients.js';

/** What stands in the columns before the variables. */
const COLUMNS: Record<string, (delivery: Delivery) => unknown> = {
  email: ({ email }) => email,
  name: ({ name }) => name,
  status: ({ status }) => status,
  attempts: ({ attempts }) => attempts,
  messageId: ({ messageId }) => messageId,
  error: ({ error }) => error?.code,
  createdAt: ({ createdAt }) => createdAt,
  sentAt: ({ sentAt }) => sentAt,
  deliveredAt: ({ deliveredAt }) => deliveredAt,
  bouncedAt: ({ bouncedAt }) => bouncedAt,
  complainedAt: ({ complainedAt }) => complainedAt,
  failedAt: ({ failedAt }) => failedAt,
  unconfirmedAt: ({ unconfirmedAt }) => unconfirmedAt,
  unsubscribedAt: ({ unsubscribedAt }) => unsubscribedAt,
  openedAt: ({ openedAt }) => openedAt,
  clickedAt: ({ clickedAt }) => clickedAt,
  machineOpenedAt: ({ machineOpenedAt }) => machineOpenedAt,
  machineClickedAt: ({ machineClickedAt }) => machineClickedAt,
};

const MAX_VARIABLE_COLUMNS = 1_000;
const BLOCK_LENGTH = 65_536;

/** A spreadsheet would take it for a formula. Also what looks escaped already, so that an import gives back the same. */
const FORMULA = /^'*[=+\-@\t\r]/;
/** RFC 4180 §2.6, and the spaces that an import takes off where they are not quoted. */
const NEEDS_QUOTES = /[",;\t\r\n]|^\s|\s$/;

/**
 * A campaign's recipients as CSV (RFC 4180), in the order of their addresses and in blocks of about 64 kB: a column a
 * variable, after a look at which there are. One that is called like a column of ours is `variable_<name>`.
 * @throws AppError `not_found`, before the first block.
 */
export async function exportRecipients(tenant: Tenant, campaignId: Types.ObjectId): Promise<AsyncGenerator<string>> {
  await requireCampaign(tenant, campaignId);
  return blocks(tenant, campaignId, await variableNames(tenant, campaignId));
}

async function* blocks(
  tenant: Tenant,
  campaignId: Types.ObjectId,
  variables: readonly string[],
): AsyncGenerator<string> {
  const columns = Object.values(COLUMNS);
  let block = row([
    ...Object.keys(COLUMNS),
    ...variables.map((name) => (Object.hasOwn(COLUMNS, name) ? `variable_${name}` : name)),
  ]);
  const deliveries = DeliveryModel.find(recipientsOf(tenant, campaignId))
    .sort({ email: 1 })
    .lean<Delivery[]>()
    .cursor({ batchSize: 1_000 });
  for await (const delivery of deliveries) {
    const values = delivery.variables ?? {};
    block += row([
      ...columns.map((read) => read(delivery)),
      ...variables.map((name) => (Object.hasOwn(values, name) ? values[name] : undefined)),
    ]);
    if (block.length < BLOCK_LENGTH) continue;
    yield block;
    block = '';
  }
  yield block;
}

/** Reads every recipient once, within MongoDB: what comes back is the names only. */
async function variableNames(tenant: Tenant, campaignId: Types.ObjectId): Promise<string[]> {
  const names = await DeliveryModel.aggregate<{ _id: string }>([
    { $match: recipientsOf(tenant, campaignId) },
    { $project: { pair: { $objectToArray: '$variables' } } },
    { $unwind: '$pair' },
    { $group: { _id: '$pair.k' } },
    { $sort: { _id: 1 } },
    { $limit: MAX_VARIABLE_COLUMNS },
  ]);
  return names.map(({ _id }) => _id);
}

const row = (values: readonly unknown[]): string => `${values.map(cell).join(',')}\r\n`;

function cell(value: unknown): string {
  const text = textOf(value);
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
