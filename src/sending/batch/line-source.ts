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

/** With nothing to be done but to wait, it is looked at again after this, in ms, at the latest. */
const HELD_MS = 15_000;

/** Files of a batch's messages, in bytes: they are all in memory at once. At least one message is taken. */
const MAX_FILES_SIZE = 8 * 1024 * 1024;

/** What SES says of one address or its content, in words that are about the account (sandbox; facts.md). */
const ABOUT_THIS_ONE = /^MessageRejected$/;

const GONE: Refusal = { code: 'content_expired', message: 'What was in it is not kept any more' };

/**
 * A line of messages as a batch sees it. What stops it is told to the authors of a test, who wait for it: it fails with the
 * reason. Other mail waits until it can go out, or its time is over.
 */
export function lineSource({ business, stream, isTest }: Line): Source {
  const isBulk = stream === 'broadcast';
  const wait = async (ms = HELD_MS): Promise<BatchEnd> => ({ kind: 'wait', ms: Math.min(Math.max(0, ms), HELD_MS) });
  const waiting = { stream, isTest, business, status: 'pending' as const };
  return {
    id: business,
    business,
    lane: isBulk ? 'bulk' : stream,
    isSandbox: isTest,
    failsAlone: ({ code }) => stream === 'test' || ABOUT_THIS_ONE.test(code),
    problemOf: () => undefined,

    capsOf({ settings }, [first]) {
      const limit = isBulk && settings.domainLimits?.find(({ domain }) => domain === first?.fromDomain);
      return limit ? [capOfDomain(limit)] : [];
    },

    async isRunning() {
      return (await BusinessModel.exists({ _id: business, status: 'active' })) !== null;
    },

    async findDue(wanted) {
      const now = new Date();
      const due = await DeliveryModel.collection
        .find<Delivery>({ ...waiting, dueAt: { $lte: now }, sendBefore: { $gt: now } })
        .hint(LINE)
        .limit(wanted)
        .toArray();
      // A domain's daily cap binds bulk: a batch of it is from one domain.
      return lightEnough(isBulk ? due.filter(({ fromDomain }) => fromDomain === due[0]?.fromDomain) : due);
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

    hold: ({ retryAt }) => wait(retryAt.getTime() - Date.now()),
    refusesAll: async () => false,
  };
}

function lightEnough(due: readonly Delivery[]): Delivery[] {
  let size = 0;
  return due.filter(({ filesSize = 0 }, place) => {
    size += filesSize ?? 0;
    return place === 0 || size <= MAX_FILES_SIZE;
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
