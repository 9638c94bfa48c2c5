import type { WebhookAttempt } from '../models/webhook-attempt.js';
import { type WebhookEndpoint, WebhookEndpointModel } from '../models/webhook-endpoint.js';
import { GIVE_UP_MS } from './retries.js';

/** "The last success was at": to the minute. */
const SUCCESS_EVERY_MS = 60_000;

const GONE = 410;

/**
 * Notes in each endpoint how it fares, and switches off the one that says it is gone, or has failed for five days.
 * @param attempts as they ended.
 */
export async function noteHealth(attempts: readonly WebhookAttempt[]): Promise<void> {
  const byEndpoint = new Map<string, WebhookAttempt[]>();
  for (const attempt of attempts) {
    const id = attempt.endpoint.toHexString();
    byEndpoint.set(id, [...(byEndpoint.get(id) ?? []), attempt]);
  }
  // All at once: there is one group of attempts after the other, and those of many endpoints must not queue up here.
  await Promise.all([...byEndpoint.values()].map(noteOne));
}

async function noteOne(attempts: readonly WebhookAttempt[]): Promise<void> {
  const succeeded = attempts.filter(({ status }) => status === 'succeeded');
  const success = succeeded.at(-1);
  if (success) await noteSuccess(success);
  // Since the last success of these, or of all before.
  const failures = success ? attempts.slice(attempts.indexOf(success) + 1) : attempts;
  const failure = attempts.findLast(({ status }) => status === 'failed');
  if (failure) await noteFailure(failure, failures[0]?.at);
}

async function noteSuccess({ endpoint, at }: WebhookAttempt): Promise<void> {
  const isNews = [
    { failingSince: { $exists: true } },
    { lastSuccessAt: { $not: { $gt: new Date(at.getTime() - SUCCESS_EVERY_MS) } } },
  ];
  await WebhookEndpointModel.updateOne(
    { _id: endpoint, $or: isNews },
    { $set: { lastSuccessAt: at }, $unset: { failingSince: 1 } },
    { timestamps: false },
  );
}

/** @param since when the present row of failures began; undefined where a success came after it. */
async function noteFailure(failure: WebhookAttempt, since: Date | undefined): Promise<void> {
  const { endpoint: _id, at, message = 'It failed', httpStatus, url } = failure;
  await WebhookEndpointModel.updateOne(
    { _id },
    { $set: { lastFailureAt: at, lastFailure: message } },
    { timestamps: false },
  );
  if (since) {
    await WebhookEndpointModel.updateOne(
      { _id, failingSince: { $exists: false } },
      { $set: { failingSince: since } },
      { timestamps: false },
    );
  }
  // What another URL answered before this one was set says nothing of it.
  if (httpStatus === GONE) await switchOff({ _id, url }, 'gone');
  else await switchOff({ _id, failingSince: { $lte: new Date(at.getTime() - GIVE_UP_MS) } }, 'failing');
}

type Reason = NonNullable<WebhookEndpoint['disabled']>['reason'];

/** One write, which also says that its people are to be told (`webhooks/tell-admins.ts`). */
async function switchOff(where: object, reason: Reason): Promise<void> {
  await WebhookEndpointModel.updateOne(
    { ...where, isActive: true },
    { $set: { isActive: false, disabled: { reason, at: new Date(), isUntold: true } } },
    { timestamps: false },
  );
}
