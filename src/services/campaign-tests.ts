import type { Types } from 'mongoose';
import { partId, soleAttempt } from '../attempt.js';
import { config } from '../config.js';
import { AppError, sesNotConfigured } from '../errors.js';
import { logger } from '../logger.js';
import { AT_ONCE, BUCKETS, type Delivery, DeliveryModel } from '../models/delivery.js';
import type { EmailCampaign } from '../models/email-campaign.js';
import type { Frozen } from '../models/frozen.js';
import { MessageModel } from '../models/message.js';
import { MessageContentModel } from '../models/message-content.js';
import { insertMissing, JOURNALED } from '../mongo.js';
import { enqueueLine } from '../queue/queues.js';
import type { Variables } from '../schemas/common.js';
import { freeze } from '../sending/campaigns/preflight/freeze.js';
import { senderProblem } from '../sending/domains/sender.js';
import { OPEN } from '../sending/states.js';
import { type Caller, owned, type Tenant } from '../tenant.js';
import { getActive } from './businesses.js';
import { get } from './campaigns.js';

/** Whoever tests waits for it; what could not be sent by then, in ms, fails. */
const LIFETIME_MS = 10 * 60_000;

/** The answer waits so long, in ms, for SES's. */
const WAIT_MS = 10_000;
const LOOK_MS = 100;

/** Who gets a test, and what the template's variables are for him. */
export interface Test {
  to: readonly { email: string; name?: string | undefined }[];
  /** Where absent, those of the campaign's first recipient. */
  variables?: Variables | undefined;
}

/**
 * Sends the campaign, as it is at present, to its authors: outside its recipients and numbers, in the lane of its own, but
 * by the same account, limits and quota.
 * @returns the deliveries, as far as they have come within ten seconds; of equal addresses the first.
 * @throws AppError `not_found`; `preflight_failed` where something is missing; `domain_not_verified`; `ses_not_configured`;
 * `business_inactive`.
 */
export async function sendTest(
  tenant: Tenant,
  author: Caller,
  id: string,
  test: Test,
  attempt = soleAttempt(),
): Promise<Delivery[]> {
  const messageId = attempt.id;
  const to = test.to.filter(({ email }, index) => test.to.findIndex((other) => other.email === email) === index);
  const made = attempt.isRepeat ? await DeliveryModel.countDocuments(owned(tenant, { message: messageId })) : 0;
  if (made === to.length) return outcomes(messageId);
  const campaign = await get(tenant, id);
  const frozen = await contentOf(tenant, campaign);
  const first = test.variables ? undefined : await DeliveryModel.findOne({ campaign: campaign._id }).lean<Delivery>();
  const createdAt = new Date();
  const scope = owned(tenant, {});
  const isTest = campaign.isTest === true;
  const expiresAt = new Date(createdAt.getTime() + LIFETIME_MS);
  const message = {
    _id: messageId,
    ...scope,
    stream: 'test',
    isTest,
    campaign: campaign._id,
    from: { email: frozen.fromEmail },
    ...{ to, cc: [], bcc: [] },
    subject: frozen.subject,
    tags: [],
    ...{ expiresAt, createdAt },
    createdBy: author.id,
  };
  const keptUntil = new Date(createdAt.getTime() + config().eventRetentionMs);
  const content = { _id: messageId, ...scope, frozen, filesSize: 0, expiresAt: keptUntil };
  const rows = to.map(({ email, name }, index) => ({
    // Whatever tries it again, also at the same time, makes the same rows.
    _id: partId(attempt, index),
    ...scope,
    message: messageId,
    ...{ stream: 'test', isTest, sendBefore: expiresAt },
    email,
    ...optional({ name: name ?? first?.name, variables: test.variables ?? first?.variables }),
    status: 'pending',
    bucket: index % BUCKETS,
    dueAt: AT_ONCE,
    attempts: 0,
    createdAt,
  }));
  await Promise.all([
    insertMissing(MessageModel.collection, [message]),
    insertMissing(MessageContentModel.collection, [content]),
  ]);
  await insertMissing(DeliveryModel.collection, rows, JOURNALED);
  await enqueueLine({ business: tenant.businessId, stream: 'test', isTest }).catch((err: unknown) =>
    logger().warn({ err, messageId }, 'not enqueued; the pulse does it'),
  );
  return outcomes(messageId);
}

async function contentOf(tenant: Tenant, campaign: EmailCampaign): Promise<Frozen> {
  const business = await getActive(tenant.businessId);
  if (!campaign.isTest && !business.sesConfiguration.verified) throw sesNotConfigured();
  const freezing = campaign.frozen ? { frozen: campaign.frozen } : await freeze(tenant, campaign, business);
  if ('frozen' in freezing) {
    const problem = campaign.isTest ? undefined : senderProblem(business, freezing.frozen.fromEmail);
    if (problem) throw new AppError('domain_not_verified', 422, problem);
    return freezing.frozen;
  }
  const message = `There is nothing to test yet: ${freezing.problems.map((problem) => problem.message).join('; ')}`;
  throw new AppError('preflight_failed', 422, message, { errors: freezing.problems });
}

async function outcomes(message: Types.ObjectId): Promise<Delivery[]> {
  const until = performance.now() + WAIT_MS;
  for (;;) {
    const deliveries = await DeliveryModel.find({ message }).lean<Delivery[]>();
    if (!deliveries.some(({ status }) => OPEN.includes(status)) || performance.now() > until) return deliveries;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

function optional(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));
}
