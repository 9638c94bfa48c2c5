import { randomBytes } from 'node:crypto';
import type { Types } from 'mongoose';
import { config } from '../config.js';
import { AppError, conflict, invalid, notFound, unavailable } from '../errors.js';
import { logger } from '../logger.js';
import { type Business, BusinessModel } from '../models/business.js';
import { JOURNALED } from '../mongo.js';
import type { EventsSetup } from '../schemas/events-setup.js';
import { open, type Sealed, seal } from '../secrets.js';
import { credentialsOf } from '../ses/credentials.js';
import { classify } from '../ses/errors.js';
import { regionOf } from '../ses/sns.js';
import { NotPermitted, Wiring } from '../ses/wiring.js';
import type { Tenant } from '../tenant.js';
import { hashOf } from './inbound-token.js';

/** What was on its way to the URL before the last rotation is taken for so long, in ms. */
const PREVIOUS_MS = 24 * 3_600_000;

/** @throws AppError `not_found`. */
export async function get({ businessId }: Tenant): Promise<EventsSetup> {
  return show(await read(businessId));
}

/**
 * Makes topic, configuration set, event destination and subscription in the tenant's own AWS account. Every step can be
 * repeated: what a crash or a missing permission left undone, the next call does.
 * @throws AppError `ses_not_configured`; `validation_failed` with the IAM statement that is missing; `unavailable`.
 */
export async function setUp({ businessId }: Tenant): Promise<EventsSetup> {
  return wire(await withToken(businessId));
}

/** Gives the business a new inbound URL; the one before is taken for another day. @throws AppError as `setUp`. */
export async function rotate({ businessId }: Tenant): Promise<EventsSetup> {
  const { eventWiring } = await read(businessId);
  if (!eventWiring) throw conflict('There is no inbound URL yet; set the events up first');
  const { tokenHash } = eventWiring;
  const until = new Date(Date.now() + PREVIOUS_MS);
  const { subscriptionArn } = eventWiring;
  const rotated = await BusinessModel.findOneAndUpdate(
    { _id: businessId, 'eventWiring.tokenHash': tokenHash },
    {
      $set: {
        ...fieldsOf(newToken(businessId)),
        'eventWiring.previous': { tokenHash, until, ...(subscriptionArn ? { subscriptionArn } : {}) },
      },
      $unset: { 'eventWiring.confirmedAt': 1, 'eventWiring.subscriptionArn': 1 },
    },
    { returnDocument: 'after', writeConcern: JOURNALED },
  ).lean<Business>();
  if (!rotated) throw conflict('The inbound URL was changed meanwhile');
  return wire(rotated);
}

/**
 * Stores what a person made in his AWS account by hand.
 * @throws AppError `validation_failed` for a topic of another region than the business's SES.
 */
export async function adopt(
  { businessId }: Tenant,
  { topicArn, configurationSet }: { topicArn: string; configurationSet?: string | undefined },
): Promise<EventsSetup> {
  const { sesConfiguration } = await withToken(businessId);
  if (regionOf(topicArn) !== sesConfiguration.region) {
    throw invalid([{ path: 'topicArn', message: `must be a topic in ${sesConfiguration.region}, as SES is` }]);
  }
  return show(
    await change(businessId, {
      'eventWiring.topicArn': topicArn,
      ...(configurationSet ? { 'eventWiring.configurationSet': configurationSet } : {}),
    }),
  );
}

/** Ends the subscription of the URL before the last rotation, once the new one is confirmed. Never throws. */
export async function endPrevious(businessId: Types.ObjectId): Promise<void> {
  try {
    const business = await read(businessId);
    const subscriptionArn = business.eventWiring?.previous?.subscriptionArn;
    const credentials = credentialsOf(business);
    if (!subscriptionArn || !credentials) return;
    const wiring = new Wiring(credentials);
    await wiring.unsubscribe(subscriptionArn).finally(() => wiring.close());
    await BusinessModel.updateOne({ _id: businessId }, { $unset: { 'eventWiring.previous.subscriptionArn': 1 } });
  } catch (err) {
    // It goes on posting to a URL that is refused in a day: no harm but in SNS's own statistics.
    logger().warn({ err, businessId }, 'the subscription of the previous inbound URL was not ended');
  }
}

async function wire(business: Business): Promise<EventsSetup> {
  const credentials = credentialsOf(business);
  if (!credentials) throw new AppError('ses_not_configured', 422, 'Connect an SES account first');
  const name = `power-mta-hub-${business._id.toHexString()}`;
  const wiring = new Wiring(credentials);
  try {
    const topicArn = await wiring.topic(name);
    // Known before SNS asks for the confirmation, which comes while it is being subscribed.
    const known = await change(business._id, { 'eventWiring.topicArn': topicArn });
    await wiring.configurationSet(name, topicArn);
    // Only now may messages name it: SES refuses those that name one it has not.
    await change(business._id, { 'eventWiring.configurationSet': name });
    await wiring.subscribe(topicArn, urlOf(known) ?? '');
    return show(await read(business._id));
  } catch (error) {
    throw refusal(error);
  } finally {
    wiring.close();
  }
}

function refusal(error: unknown): unknown {
  if (error instanceof AppError) return error;
  if (error instanceof NotPermitted) {
    const statement = { Effect: 'Allow', Action: [error.action], Resource: '*' };
    const message = `The keys of the SES account may not ${error.action}. Add this to their IAM policy, and call again: ${JSON.stringify(statement)}`;
    return new AppError('validation_failed', 422, message, {
      errors: [{ path: 'iam', message: `${error.action} is not allowed` }],
      extra: { missingStatement: statement },
    });
  }
  const failure = classify(error);
  if (failure.kind === 'credentials')
    return new AppError('ses_not_configured', 422, `AWS refuses the keys: ${failure.code}`);
  if (failure.kind === 'account' || failure.kind === 'rejected') {
    return new AppError('validation_failed', 422, `AWS refuses it: ${failure.code}: ${failure.message}`);
  }
  return unavailable('AWS does not answer right now; what was made stays, call again', error);
}

/** The business with an inbound URL; made where there is none, by one of any number of callers. */
async function withToken(businessId: Types.ObjectId): Promise<Business> {
  const made = await BusinessModel.findOneAndUpdate(
    { _id: businessId, eventWiring: null },
    { $set: { eventWiring: newToken(businessId) } },
    { returnDocument: 'after', writeConcern: JOURNALED },
  ).lean<Business>();
  return made ?? read(businessId);
}

function newToken(businessId: Types.ObjectId) {
  const token = randomBytes(32).toString('base64url');
  return { tokenHash: hashOf(token), token: seal(token, contextOf(businessId)) };
}

const fieldsOf = (fields: object) =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [`eventWiring.${name}`, value]));

const contextOf = (businessId: Types.ObjectId) => `${businessId.toHexString()}:inbound`;

async function read(businessId: Types.ObjectId): Promise<Business> {
  const business = await BusinessModel.findById(businessId).lean<Business>();
  if (!business) throw notFound('business');
  return business;
}

async function change(businessId: Types.ObjectId, set: Record<string, unknown>): Promise<Business> {
  const changed = await BusinessModel.findByIdAndUpdate(
    businessId,
    { $set: set },
    { returnDocument: 'after', runValidators: true, writeConcern: JOURNALED },
  ).lean<Business>();
  if (!changed) throw notFound('business');
  return changed;
}

function urlOf({ _id, eventWiring }: Business): string | null {
  if (!eventWiring) return null;
  return `${config().publicUrl}/api/inbound/ses/${open(eventWiring.token as Sealed, contextOf(_id))}`;
}

function show(business: Business): EventsSetup {
  const { topicArn, configurationSet, confirmedAt, lastEventAt } = business.eventWiring ?? {};
  return {
    url: urlOf(business),
    topicArn: topicArn ?? null,
    configurationSet: configurationSet ?? null,
    confirmedAt: confirmedAt ?? null,
    lastEventAt: lastEventAt ?? null,
  };
}
