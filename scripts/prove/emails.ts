import { setTimeout as sleep } from 'node:timers/promises';
import { BusinessModel } from '../../src/models/business.js';
import { type Delivery, DeliveryModel } from '../../src/models/delivery.js';
import type { RetryEmail, SendEmail } from '../../src/schemas/emails.js';
import { OPEN } from '../../src/sending/states.js';
import { addressesOf, draftCampaign, launch, readCampaign, SENDER } from '../support/campaign.js';
import { type Enrolled, enrol } from '../support/enrol.js';
import { findDuplicates } from '../support/mail-check.js';
import { type Stand, withStand } from '../support/stand.js';
import { insist, until } from '../support/wait.js';
import { openBounds, type Proof, type Scenario, type Surroundings } from './scenario.js';

/** A line's two turns, a batch of 64 each: what one killed worker can leave in doubt of it. */
const WINDOW = 2 * 64;

/** The worker is killed when so much was accepted, and is away for so long, in ms. */
const KILLED_AT = [1 / 3, 2 / 3];
const AWAY_MS = 500;

const LONG_AGO = new Date(0);
const TIMEOUT_MS = 1_800_000;

type Numbers = Readonly<Record<'messages' | 'callers' | 'recipients' | 'rate' | 'perSecond', number>>;

/** What callers were told, by address: when the 202 came, in ms since 1970, and the message's id. */
type Accepted = Map<string, { at: number; id: string }>;

/** Single messages beside a long campaign, with SES far from its limit. */
export const emails: Scenario<keyof Numbers & string> = {
  about:
    '10,000 single messages by 50 callers beside a campaign of 100,000, the worker killed twice: each 202 ends as sent or, one window a kill at most, in doubt; none twice; all sent after one retry; the median from 202 to SES below 1 s',
  defaults: { messages: 10_000, callers: 50, recipients: 100_000, rate: 2_000, perSecond: 100_000 },
  run: (numbers, around) => proveEmails(numbers, around, 1_000),
};

/** The same at the rate of a newcomer's account, asked for less than that: more could only wait. */
export const emailsSlow: Scenario<keyof Numbers & string> = {
  about: 'the same with SES at 14 a second, of which the single messages take 8: the median from 202 to SES below 5 s',
  defaults: { messages: 1_000, callers: 50, recipients: 100_000, rate: 14, perSecond: 8 },
  run: (numbers, around) => proveEmails(numbers, around, 5_000),
};

function proveEmails(numbers: Numbers, { say, signal }: Surroundings, medianMs: number): Promise<Proof> {
  const account = { maxSendRate: numbers.rate, max24HourSend: -1 };
  return withStand({ workers: 1, account, say, signal }, async (stand) => {
    const tenant = await enrol(stand, { name: 'emails' });
    say(`importing ${numbers.recipients.toLocaleString('en')} recipients`);
    const campaign = await draftCampaign(tenant.project, addressesOf(tenant.domain, numbers.recipients));
    await launch(campaign, stand);
    await until('the campaign under way', async () => (await stand.ses.recipients(tenant)).length > 100, { signal });

    const accepted: Accepted = new Map();
    const [tookMs] = await Promise.all([
      callAll(stand, tenant, numbers, accepted),
      killTwice(stand, numbers, accepted),
    ]);
    say(`${accepted.size} accepted in ${Math.round(tookMs / 1_000)} s`);
    await untilStill(stand, tenant);
    const status = (await readCampaign(campaign)).status;

    const bounds = openBounds();
    bounds.exactly('messages accepted', accepted.size, numbers.messages);
    if (status !== 'sending')
      bounds.missed.push(`the campaign was ${status} before the last message: take a longer one`);
    await endLeases(stand, tenant);
    const before = await rowsOf(tenant);
    const unconfirmed = before.filter((row) => row.status === 'unconfirmed');
    const other = before.filter((row) => row.status !== 'unconfirmed' && row.sentAt == null);
    bounds.atMost('messages in doubt', unconfirmed.length, KILLED_AT.length * WINDOW);
    bounds.exactly('messages that are neither sent nor in doubt', other.length, 0);
    const latency = await latencies(stand, tenant, accepted);
    bounds.atMost('median from 202 to SES, in ms', latency.medianMs, medianMs);

    const lost = await retryAll(stand, tenant, unconfirmed);
    bounds.exactly('messages not sent after one retry', lost, 0);
    const again = new Set(unconfirmed.map(({ email }) => email));
    const calls = (await stand.ses.recipients(tenant)).filter(({ recipient }) => !again.has(recipient));
    const duplicated = findDuplicates(calls);
    bounds.missed.push(...duplicated.map(({ text }) => text));
    const figures = {
      acceptedPerSecond: Math.round((numbers.messages / tookMs) * 1_000),
      unconfirmed: unconfirmed.length,
      neither: other.length,
      lostAfterRetry: lost,
      duplicated: duplicated.length,
      ...latency,
    };
    return { figures, missed: bounds.missed };
  });
}

/** @returns ms from the first call to the last answer. */
async function callAll(
  { signal }: Stand,
  { project, domain }: Enrolled,
  { messages, callers, perSecond }: Numbers,
  accepted: Accepted,
): Promise<number> {
  const startedAt = performance.now();
  let next = 0;
  const caller = async () => {
    for (let n = next++; n < messages; n = next++) {
      const early = startedAt + (n / perSecond) * 1_000 - performance.now();
      if (early > 0) await sleep(early, undefined, { signal });
      const to = `m${n}@single.${domain}`;
      const { email } = await project.call<typeof SendEmail>('POST', '/api/emails', {
        to,
        from: SENDER.email,
        subject: `Your order ${n}`,
        html: `<p>Thank you for order ${n}.</p>`,
      });
      accepted.set(to, { at: Date.now(), id: email.id });
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return performance.now() - startedAt;
}

async function killTwice({ workers: [worker], signal }: Stand, { messages }: Numbers, accepted: Accepted) {
  for (const part of KILLED_AT) {
    await until(`${Math.round(part * 100)} % accepted`, async () => accepted.size >= part * messages, {
      signal,
      timeoutMs: TIMEOUT_MS,
    });
    await worker?.kill();
    await sleep(AWAY_MS, undefined, { signal });
    await worker?.start();
  }
}

const singles = ({ businessId }: Enrolled) => ({ business: businessId, stream: 'transactional' as const });

const rowsOf = (tenant: Enrolled) => DeliveryModel.find(singles(tenant)).lean<Delivery[]>();

/** With a dead worker's claims there is nothing to wait for but those that wait. */
async function untilStill(
  { signal }: Pick<Stand, 'signal'>,
  tenant: Enrolled,
  open: readonly Delivery['status'][] = ['pending'],
): Promise<void> {
  const left = { ...singles(tenant), status: { $in: [...open] } };
  const isEmpty = async () => (await DeliveryModel.exists(left)) === null;
  await until('no message waiting', isEmpty, { signal, timeoutMs: TIMEOUT_MS });
}

/** As time would, a minute after the kills: what the killed worker held is nobody's. */
async function endLeases({ workers, signal }: Stand, tenant: Enrolled): Promise<void> {
  await Promise.all(workers.map(({ end }) => end()));
  const claimed = { business: tenant.businessId, status: 'sending' as const };
  await DeliveryModel.updateMany(claimed, { $set: { 'claim.until': LONG_AGO } });
  const reserved = { _id: tenant.businessId, 'quota.reservations.0': { $exists: true } };
  await BusinessModel.updateOne(reserved, { $set: { 'quota.reservations.$[].at': LONG_AGO } });
  await Promise.all(workers.map(({ start }) => start()));
  await untilStill({ signal }, tenant, OPEN);
}

async function latencies({ ses }: Stand, tenant: Enrolled, accepted: Accepted) {
  const took = (await ses.recipients(tenant)).flatMap(({ recipient, at }) => {
    const told = accepted.get(recipient);
    return told ? [Math.max(0, at - told.at)] : [];
  });
  took.sort((a, b) => a - b);
  const share = (part: number) => Math.round(took[Math.floor((took.length - 1) * part)] ?? Number.NaN);
  return { medianMs: share(0.5), p95Ms: share(0.95), maxMs: share(1) };
}

/** Has those in doubt sent again, as if their 15 minutes were over. @returns how many are not sent after that. */
async function retryAll(stand: Stand, tenant: Enrolled, unconfirmed: readonly Delivery[]): Promise<number> {
  await DeliveryModel.updateMany({ _id: { $in: unconfirmed.map(({ _id }) => _id) } }, { unconfirmedAt: LONG_AGO });
  for (const { message } of unconfirmed) {
    await insist(() => tenant.project.call<typeof RetryEmail>('POST', `/api/emails/${message}/retry`), stand);
  }
  await untilStill(stand, tenant, OPEN);
  return DeliveryModel.countDocuments({ ...singles(tenant), sentAt: null });
}
