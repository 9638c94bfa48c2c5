import { LRUCache } from 'lru-cache';
import type { Types } from 'mongoose';
import { type Business, BusinessModel } from '../../models/business.js';
import { type Delivery, DeliveryModel, LINE } from '../../models/delivery.js';
import type { MessageStream } from '../../models/message.js';
import { type MessageContent, MessageContentModel } from '../../models/message-content.js';
import { senderProblem } from '../domains/sender.js';
import { capOfDomain } from '../limits/caps.js';
import { blockedForAll, blockedForBulk } from '../suppression.js';
import { failPending } from '../upkeep/expire-messages.js';
import type { BatchEnd, Mailing, Refusal, Source } from './source.js';

/** Messages of one business that wait for the same: those of a stream, really sent or only tested. */
export interface Line {
  business: Types.ObjectId;
  stream: MessageStream;
  isTest: boolean;
}

/** One of so many turns that take of a line at the same time. */
export interface Share {
  slot: number;
  of: number;
}

/** With nothing to be done but to wait, it is looked at again after this, in ms, at the latest. */
const HELD_MS = 15_000;

/** What is in a batch's messages, in bytes: it is all in memory at once. At least one message is taken. */
const MAX_SIZE = 8 * 1024 * 1024;

/** What SES says of one address or its content, in words that are about the account (sandbox; facts.md). */
const ABOUT_THIS_ONE = /^MessageRejected$/;

/**
 * Sending domains whose daily cap was used up when a line last asked, by business, each until it is asked again, in ms. The
 * line goes on with those of the other domains, which would else wait behind them for the next day.
 */
const capped = new LRUCache<string, Map<string, number>>({ max: 1_000 });

function cappedOf(business: Types.ObjectId): string[] {
  const domains = capped.get(business.toHexString()) ?? new Map<string, number>();
  return [...domains].flatMap(([domain, until]) => (until > Date.now() ? [domain] : []));
}

function cap(business: Types.ObjectId, domain: string): void {
  const key = business.toHexString();
  const others = cappedOf(business).map((one): [string, number] => [one, capped.get(key)?.get(one) ?? 0]);
  capped.set(key, new Map([...others, [domain, Date.now() + HELD_MS]]));
}

/** When what is left of a line waits for a domain's next day, in ms; undefined where nothing does. */
export const restOf = ({ business, stream }: Line): number | undefined =>
  stream === 'broadcast' && cappedOf(business).length > 0 ? HELD_MS : undefined;

const GONE: Refusal = { code: 'content_expired', message: 'What was in it is not kept any more' };

/**
 * A line of messages as a batch sees it. What stops it is told to the authors of a test, who wait for it: it fails with the
 * reason. Other mail waits until it can go out, or its time is over.
 * @param share the turn's own: all turns look at the head of one index, and would lose it to each other.
 */
export function lineSource({ business, stream, isTest }: Line, share: Share = { slot: 0, of: 1 }): Source {
  const isBulk = stream === 'broadcast';
  const wait = async (ms = HELD_MS): Promise<BatchEnd> => ({ kind: 'wait', ms: Math.min(Math.max(0, ms), HELD_MS) });
  const waiting = { stream, isTest, business, status: 'pending' as const };
  let askedFor: string | undefined;
  return {
    id: business,
    business,
    lane: isBulk ? 'bulk' : stream,
    isSandbox: isTest,
    failsAlone: ({ code }) => stream === 'test' || ABOUT_THIS_ONE.test(code),
    problemOf: () => undefined,

    capsOf({ settings }, [first]) {
      askedFor = first?.fromDomain ?? undefined;
      const limit = isBulk && settings.domainLimits?.find(({ domain }) => domain === first?.fromDomain);
      return limit ? [capOfDomain(limit)] : [];
    },

    async isRunning() {
      return (await BusinessModel.exists({ _id: business, status: 'active' })) !== null;
    },

    async findDue(wanted) {
      const now = new Date();
      const held = isBulk && !isTest ? cappedOf(business) : [];
      const free = held.length > 0 ? { fromDomain: { $nin: held } } : {};
      const due = await DeliveryModel.collection
        .find<Delivery>({ ...waiting, ...free, dueAt: { $lte: now }, sendBefore: { $gt: now } })
        .hint(LINE)
        .limit(wanted * share.of)
        .toArray();
      const own = due.filter(({ bucket }) => bucket % share.of === share.slot);
      const mine = (own.length > 0 ? own : due).slice(0, wanted);
      // A domain's daily cap binds bulk: a batch of it is from one domain.
      return lightEnough(isBulk ? mine.filter(({ fromDomain }) => fromDomain === mine[0]?.fromDomain) : mine);
    },

    blocked: (emails) => (isBulk ? blockedForBulk : blockedForAll)({ businessId: business }, emails),

    async mailingsOf(deliveries, tenant) {
      const contents = await contentsOf(deliveries);
      return (delivery) => {
        const content = contents.get(String(delivery.message));
        return content ? mailingOf(content, tenant, { isTest, hasWayOut: stream !== 'transactional' }) : GONE;
      };
    },

    started: async () => undefined,
    // What waits is found by its status alone.
    cameBack: async () => undefined,

    async stop(code, message) {
      // Other people's mail is no worse for it.
      if (code === 'rejections') return { kind: 'more' };
      if (stream !== 'test') return wait();
      await failPending(waiting, code, message);
      return { kind: 'stopped' };
    },

    async hold({ reason, retryAt }) {
      if (reason !== 'domain_daily_cap' || !askedFor) return wait(retryAt.getTime() - Date.now());
      cap(business, askedFor);
      return { kind: 'more' };
    },

    refusesAll: async () => false,
  };
}

function lightEnough(due: readonly Delivery[]): Delivery[] {
  let sum = 0;
  return due.filter(({ size }, place) => {
    sum += size ?? 0;
    return place === 0 || sum <= MAX_SIZE;
  });
}

async function contentsOf(deliveries: readonly Delivery[]): Promise<Map<string, MessageContent>> {
  const ids = deliveries.flatMap(({ message }) => (message ? [message] : []));
  const contents = await MessageContentModel.collection
    .find<MessageContent>({ _id: { $in: ids } }, { promoteBuffers: true })
    .toArray();
  return new Map(contents.map((content) => [content._id.toHexString(), content]));
}

function mailingOf(
  { _id, business, frozen, letter, files }: MessageContent,
  tenant: Business,
  { isTest, hasWayOut }: { isTest: boolean; hasWayOut: boolean },
): Mailing | Refusal {
  // Checked when it was accepted; but a domain may be given up, or fail, while it waits.
  const problem = isTest ? undefined : senderProblem(tenant, frozen.fromEmail);
  if (problem) return { code: 'domain_not_verified', message: problem };
  return {
    _id,
    business,
    frozen,
    tags: { pmh_message: _id.toHexString() },
    hasWayOut,
    letter: letter ?? undefined,
    files: files ?? undefined,
  };
}
