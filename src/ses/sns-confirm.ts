import { getText } from '../http-get.js';
import { regionOf, type SnsMessage } from './sns.js';
import { isOfSns } from './sns-certificates.js';

const LIMIT_MS = 5_000;
const ANSWER_BYTES = 65_536;

/** Only SNS's own address, with nothing but its query. */
const ROOT = /^\/$/;

/** The URL leads elsewhere than to SNS, or is for another topic: whoever made it wants the hub to call something. */
export class NotSns extends Error {}

/**
 * Confirms a subscription, as Amazon asks to (Amazon SNS Developer Guide, "Confirm the subscription"). Only for a message whose
 * signature was verified.
 * @returns the subscription's ARN, where SNS says it.
 * @throws NotSns; any other Error when SNS does not answer well within 5 s.
 */
export async function confirmSubscription({
  SubscribeURL: url,
  TopicArn,
}: Extract<SnsMessage, { Type: 'SubscriptionConfirmation' }>): Promise<string | undefined> {
  if (!isOfSns(url, regionOf(TopicArn), ROOT)) throw new NotSns();
  const { searchParams } = new URL(url);
  if (searchParams.get('Action') !== 'ConfirmSubscription' || searchParams.get('TopicArn') !== TopicArn) {
    throw new NotSns();
  }
  const answer = await getText(url, { limitMs: LIMIT_MS, maxBytes: ANSWER_BYTES });
  return /<SubscriptionArn>(arn:[^<]{1,500})<\/SubscriptionArn>/.exec(answer)?.[1];
}
