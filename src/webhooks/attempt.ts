import { Types } from 'mongoose';
import { logger } from '../logger.js';
import type { AttemptCause, WebhookAttempt } from '../models/webhook-attempt.js';
import type { WebhookEndpoint } from '../models/webhook-endpoint.js';
import type { Sealed } from '../secrets.js';
import type { Caller, Outcome } from './call.js';
import { headersOf, type Message } from './message.js';
import { openSecrets, signing } from './secrets.js';
import { targetOf } from './targets.js';

/** Why it is made, and which one it is since the event was queued. */
export interface Try {
  cause: AttemptCause;
  number: number;
}

/**
 * Signs a message and posts it once.
 * @returns the attempt as it is to be recorded.
 * @throws as `Caller.post`.
 */
export async function attempt(
  caller: Caller,
  endpoint: WebhookEndpoint,
  message: Message,
  { cause, number }: Try,
  signal?: AbortSignal,
): Promise<WebhookAttempt> {
  const at = new Date();
  const { failure, ...answer } = await post(caller, endpoint, message, at, signal);
  return {
    _id: new Types.ObjectId(),
    business: endpoint.business,
    endpoint: endpoint._id,
    event: message.id,
    type: message.type,
    url: endpoint.url,
    cause,
    number,
    status: failure ? 'failed' : 'succeeded',
    at,
    ...answer,
    ...failure,
  };
}

async function post(
  caller: Caller,
  endpoint: WebhookEndpoint,
  message: Message,
  at: Date,
  signal?: AbortSignal,
): Promise<Outcome> {
  const target = targetOf(endpoint.url);
  // A target that was let through when it was set, and is not any more.
  if ('problem' in target) {
    return { durationMs: 0, failure: { error: 'refused_address', message: `The URL ${target.problem}` } };
  }
  const secrets = secretsOf(endpoint, at);
  if (!secrets) {
    const problem = 'Its secret cannot be read: it was encrypted under another ENCRYPTION_KEY';
    return { durationMs: 0, failure: { error: 'unreadable_secret', message: problem } };
  }
  return caller.post(target, headersOf(message, secrets, at), message.body, signal);
}

function secretsOf({ _id, secrets }: WebhookEndpoint, at: Date): string[] | undefined {
  try {
    const opened = openSecrets(_id, secrets as Sealed);
    return [opened.present, ...signing(opened, at).map(({ secret }) => secret)];
  } catch (err) {
    logger().error({ err, webhookId: _id }, 'the secret of a webhook cannot be read');
    return undefined;
  }
}
