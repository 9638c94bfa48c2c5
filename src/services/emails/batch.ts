import { type Attempt, partId } from '../../attempt.js';
import { AppError, invalid, type Problem } from '../../errors.js';
import type { NewEmail } from '../../schemas/emails.js';
import type { Caller, Tenant } from '../../tenant.js';
import { type Email, send } from './accept.js';

/** Messages of a batch that are accepted at the same time. */
const LANES = 10;

/** One of a batch as it came: what it asks for, or what is wrong with it. */
export type BatchItem = { email: NewEmail } | { problems: Problem[] };

/**
 * Accepts many messages, each by itself as `send` does one.
 * @returns for each, in their order, the message or why it was not accepted.
 * @throws AppError `validation_failed` where none of them can be read; what is about no message: MongoDB is away, the
 * business is suspended.
 */
export async function sendAll(
  tenant: Tenant,
  caller: Caller,
  items: readonly BatchItem[],
  attempt: Attempt,
): Promise<(Email | AppError)[]> {
  refuseUnreadable(items);
  const results: (Email | AppError)[] = [];
  let next = 0;
  const lane = async () => {
    for (let place = next++; place < items.length; place = next++) {
      const item = items[place];
      if (item) results[place] = await one(tenant, caller, item, { ...attempt, id: partId(attempt, place) });
    }
  };
  await Promise.all(Array.from({ length: Math.min(LANES, items.length) }, lane));
  return results;
}

/** A batch of nothing but mistakes is one, as it is most likely the caller's program that is wrong. */
function refuseUnreadable(items: readonly BatchItem[]): void {
  const problems = items.flatMap((item, place) =>
    'problems' in item
      ? item.problems.map(({ path, message }) => ({
          path: path ? `emails.${place}.${path}` : `emails.${place}`,
          message,
        }))
      : [],
  );
  if (items.every((item) => 'problems' in item)) throw invalid(problems);
}

async function one(tenant: Tenant, caller: Caller, item: BatchItem, attempt: Attempt): Promise<Email | AppError> {
  if ('problems' in item) return invalid(item.problems);
  try {
    return await send(tenant, caller, item.email, attempt);
  } catch (error) {
    if (error instanceof AppError && (error.status === 422 || error.status === 429)) return error;
    throw error;
  }
}
