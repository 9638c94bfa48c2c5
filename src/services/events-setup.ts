import { setTimeout as sleep } from 'node:timers/promises';
import type { UpdateQuery } from 'mongoose';
import { type Attempt, soleAttempt } from '../attempt.js';
import { conflict, sesNotConfigured } from '../errors.js';
import { type Business, BusinessModel, type EventWiring } from '../models/business.js';
import { JOURNALED } from '../mongo.js';
import type { Sealed } from '../secrets.js';
import { type Administration, administer } from '../ses/administration.js';
import {
  makeDestination,
  makeTopic,
  subscribe,
  unsubscribeOthers,
  WiringFailure,
  wiringName,
} from '../ses/event-wiring.js';
import { inboundUrl, newInboundToken } from '../ses/inbound-token.js';
import type { Tenant } from '../tenant.js';
import { awsRefusal } from './aws-refusal.js';
import * as businesses from './businesses.js';

/** The token before a rotation is taken for so long, in ms: SNS may still try what it could not deliver. */
const PREVIOUS_MS = 86_400_000;

/** SNS asks for the confirmation at once; the answer waits for it so long, in ms. */
const CONFIRMATION_MS = 3_000;
const LOOK_MS = 100;

/** How the tenant's events come in; undefined where nothing is wired. */
export async function get({ businessId }: Tenant): Promise<EventWiring | undefined> {
  return (await businesses.get(businessId)).eventWiring ?? undefined;
}

/** The URL that SNS posts to. A secret: for people's eyes. */
export function urlOf({ businessId }: Tenant, wiring: EventWiring): string {
  return inboundUrl(businessId, wiring.token as Sealed);
}

/**
 * Makes everything in the tenant's account that brings events back: configuration set, topic, subscription and event
 * destination. Each step takes what is there, so that it can be repeated, also where it broke off. The topic and the token
 * are stored before SNS is told the URL: the confirmation that it posts is for a topic that is known.
 * @throws AppError `ses_not_configured`; as `awsRefusal`, with the statement that the keys' policy lacks.
 */
export async function setUp(tenant: Tenant): Promise<EventWiring> {
  const business = await businesses.get(tenant.businessId);
  const name = wiringName(business._id.toHexString());
  return administerOf(business, async (account) => {
    const topicArn = await makeTopic(account, name);
    const wiring = await pin(business, { topicArn, configurationSet: name }, false);
    const url = inboundUrl(business._id, wiring.token as Sealed);
    await listen(business, account, wiring, url);
    await makeDestination(account, name, topicArn);
    return conclude(tenant, account, topicArn, url);
  });
}

/**
 * Replaces the URL by one with a new token, and subscribes it. The earlier one is taken for a day; where that was not confirmed
 * yet, the one before it still is.
 * @throws AppError `conflict` where nothing is wired, or another rotates it; `ses_not_configured`; as `awsRefusal`.
 */
export async function rotate(tenant: Tenant, attempt = soleAttempt()): Promise<EventWiring> {
  const business = await businesses.get(tenant.businessId);
  const { eventWiring: old } = business;
  if (!old) throw conflict('There is no inbound URL yet: POST /api/business/events-setup makes it');
  // Replaced once more, the URL that SNS still posts to would be forgotten.
  const isReplaced = old.rotation?.equals(attempt.id);
  const wiring = isReplaced ? old : await replaceToken(business, old, attempt);
  const { topicArn, isByHand, token } = wiring;
  // What a person made, he subscribes.
  if (!topicArn || isByHand) return wiring;
  const url = inboundUrl(business._id, token as Sealed);
  return administerOf(business, async (account) => {
    await listen(business, account, wiring, url);
    return conclude(tenant, account, topicArn, url);
  });
}

async function replaceToken(business: Business, old: EventWiring, attempt: Attempt): Promise<EventWiring> {
  const fresh = newInboundToken(business._id);
  const changed = await change(
    business,
    { 'eventWiring.tokenHash': old.tokenHash },
    {
      $set: {
        'eventWiring.tokenHash': fresh.tokenHash,
        'eventWiring.token': fresh.token,
        'eventWiring.previous': previousOf(old),
        'eventWiring.rotation': attempt.id,
      },
    },
  );
  if (!changed?.eventWiring) throw conflict('The URL was replaced at this very moment; look at it again');
  return changed.eventWiring;
}

/** Subscribes the present URL. What SNS has confirmed already it does not ask for again. */
async function listen(business: Business, account: Administration, wiring: EventWiring, url: string): Promise<void> {
  const { topicArn, tokenHash } = wiring;
  if (!topicArn) return;
  const subscriptionArn = await subscribe(account, topicArn, url);
  if (!subscriptionArn || isConfirmed(wiring)) return;
  await change(
    business,
    { 'eventWiring.tokenHash': tokenHash, 'eventWiring.topicArn': topicArn },
    { $set: { 'eventWiring.confirmedAt': new Date(), 'eventWiring.subscriptionArn': subscriptionArn } },
  );
}

/** The token by which SNS knows the hub until it knows the next one. */
function previousOf(old: EventWiring): NonNullable<EventWiring['previous']> {
  const { previous, tokenHash } = old;
  if (!isConfirmed(old) && previous?.until && previous.until > new Date()) return previous;
  return { tokenHash, until: new Date(Date.now() + PREVIOUS_MS) };
}

/** Stores what a person made by hand; the URL to subscribe comes back. Journaled: SNS asks for the confirmation next. */
export async function store(
  { businessId }: Tenant,
  wiring: { topicArn: string; configurationSet: string },
): Promise<EventWiring> {
  return pin(await businesses.get(businessId), wiring, true);
}

/** Stores topic and configuration set, with a token where there is none yet. Another topic is to be confirmed anew. */
async function pin(
  business: Business,
  { topicArn, configurationSet }: { topicArn: string; configurationSet: string },
  isByHand: boolean,
): Promise<EventWiring> {
  await change(
    business,
    { 'eventWiring.tokenHash': { $exists: false } },
    {
      $set: { eventWiring: newInboundToken(business._id) },
    },
  );
  await change(
    business,
    { 'eventWiring.topicArn': { $ne: topicArn } },
    {
      $set: { 'eventWiring.topicArn': topicArn },
      $unset: { 'eventWiring.confirmedAt': 1, 'eventWiring.subscriptionArn': 1 },
    },
  );
  const changed = await change(
    business,
    {},
    { $set: { 'eventWiring.configurationSet': configurationSet, 'eventWiring.isByHand': isByHand } },
  );
  if (!changed?.eventWiring) throw conflict('The business is gone');
  return changed.eventWiring;
}

function change({ _id }: Business, where: object, update: UpdateQuery<Business>) {
  return BusinessModel.findOneAndUpdate({ ...where, _id }, update, {
    returnDocument: 'after',
    writeConcern: JOURNALED,
    timestamps: false,
  }).lean<Business>();
}

/** Waits a little for the confirmation, and then ends the subscriptions of earlier tokens: not before, or events were lost. */
async function conclude(tenant: Tenant, account: Administration, topicArn: string, url: string): Promise<EventWiring> {
  const until = performance.now() + CONFIRMATION_MS;
  for (;;) {
    const wiring = (await businesses.get(tenant.businessId)).eventWiring;
    if (!wiring) throw conflict('The wiring was taken away meanwhile');
    if (isConfirmed(wiring)) {
      await unsubscribeOthers(account, topicArn, url);
      return wiring;
    }
    if (performance.now() > until) return wiring;
    await sleep(LOOK_MS);
  }
}

/** Whether the subscription of the present URL is confirmed: one from before a rotation is not. */
export function isConfirmed({ confirmedAt, previous }: EventWiring): boolean {
  if (!confirmedAt) return false;
  const rotatedAt = previous?.until ? previous.until.getTime() - PREVIOUS_MS : 0;
  return confirmedAt.getTime() >= rotatedAt;
}

async function administerOf<T>(business: Business, work: (account: Administration) => Promise<T>): Promise<T> {
  const done = await administer(business, async (account) => ({ result: await work(account) })).catch(
    (error: unknown) => {
      if (error instanceof WiringFailure) throw awsRefusal(error.cause, error.action);
      throw error;
    },
  );
  if (!done) throw sesNotConfigured();
  return done.result;
}
