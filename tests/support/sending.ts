import { Types } from 'mongoose';
import { afterEach, inject } from 'vitest';
import { createSesControl } from '../../src/embedded/ses/control-client.js';
import { BusinessModel } from '../../src/models/business.js';
import { AT_ONCE, BUCKETS, DeliveryModel } from '../../src/models/delivery.js';
import { startWorkers } from '../../src/queue/workers.js';
import { connectSes, type Registered, register, unique } from './factories.js';
import { api } from './hub.js';
import { until } from './until.js';

/** The run's local SES: what it was offered, what it accepted, and how it shall fail. */
export const ses = () => createSesControl(inject('sesEndpoint'));

/** A business with an SES account of its own that takes `ratePerSecond`. */
export interface Sender extends Registered {
  accessKeyId: string;
}

export async function sender(ratePerSecond = 1_000): Promise<Sender> {
  const who = await register();
  const accessKeyId = `AKIA${unique().toUpperCase()}`;
  await ses().changeAccount(accessKeyId, { maxSendRate: ratePerSecond, max24HourSend: -1 });
  await connectSes(who, accessKeyId);
  return { ...who, accessKeyId };
}

/** Calls the API as this business's admin. @throws Error with the answer unless it has this status. */
export async function as(who: Registered, method: 'get' | 'post' | 'patch', path: string, body?: object, status = 200) {
  const call = api()[method](path).auth(who.token, { type: 'bearer' });
  const answer = await (body ? call.send(body) : call);
  if (answer.status !== status) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
  return answer.body;
}

/** What SES accepted of this account. */
export const accepted = ({ accessKeyId }: Pick<Sender, 'accessKeyId'>) => ses().recipients({ accessKeyId });

/** The messages of the month that the business has used, once nothing is reserved. */
export async function usedOf({ businessId }: Registered): Promise<number> {
  const business = await until(async () => {
    const now = await BusinessModel.findById(businessId).lean();
    return now?.quota.reservations.length === 0 ? now : undefined;
  });
  return business.subscription.emailsSentThisMonth;
}

interface Recipient {
  email: string;
  name?: string;
  variables?: Record<string, unknown>;
}

/** So many recipients at a domain of their own. */
export function people(count: number): Recipient[] {
  const domain = `${unique('people')}.test`;
  return Array.from({ length: count }, (_, n) => ({ email: `p${n}@${domain}`, name: `Person ${n}` }));
}

/** A draft with these recipients already in the ledger. @returns its id. */
export async function draft(who: Registered, recipients: readonly Recipient[], fields: object = {}): Promise<string> {
  const { campaign } = await as(
    who,
    'post',
    '/api/campaigns',
    {
      name: unique('campaign'),
      subject: 'Hello {{ name }}',
      fromEmail: 'news@example.com',
      content: { html: '<p>Dear {{ name }}, yours truly.</p>' },
      ...fields,
    },
    201,
  );
  const now = new Date();
  await DeliveryModel.insertMany(
    recipients.map((recipient, n) => ({
      ...recipient,
      business: new Types.ObjectId(who.businessId),
      campaign: new Types.ObjectId(campaign.id),
      bucket: n % BUCKETS,
      dueAt: AT_ONCE,
      createdAt: now,
    })),
  );
  return campaign.id;
}

/** A campaign on its way. @returns its id. */
export async function launched(
  who: Registered,
  recipients: readonly Recipient[],
  fields: object = {},
): Promise<string> {
  const id = await draft(who, recipients, fields);
  await as(who, 'post', `/api/campaigns/${id}/send`, undefined, 202);
  return id;
}

/** Waits until the campaign is there. @returns the campaign as the API shows it. */
export async function untilCampaign(who: Registered, id: string, status: string, timeoutMs?: number) {
  return until(async () => {
    const { campaign } = await as(who, 'get', `/api/campaigns/${id}`);
    return campaign.status === status ? campaign : undefined;
  }, timeoutMs);
}

/** The campaign's states that are not zero, counted after this was called. */
export async function statesOf(who: Registered, id: string): Promise<Record<string, number>> {
  const calledAt = Date.now();
  const states = await until<Record<string, number> | undefined>(async () => {
    const { stats } = await as(who, 'get', `/api/campaigns/${id}/stats`);
    return Date.parse(stats.asOf) >= calledAt ? stats.states : undefined;
  });
  return Object.fromEntries(Object.entries(states).filter(([, n]) => n > 0));
}

/** Starts workers for one test and closes them after it. */
export function useWorkers(): (count?: number) => void {
  const running: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((workers) => workers.close()));
  });
  return (count = 1) => {
    for (let n = 0; n < count; n += 1) running.push(startWorkers());
  };
}
