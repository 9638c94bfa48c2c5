import { setTimeout as delay } from 'node:timers/promises';
import type { AccountSettings } from '../settings.js';
import { deliveryPolicyOf } from './delivery-policy.js';
import type { NoticeType } from './envelope.js';
import { Poster } from './post.js';
import { type DeliveryResult, DeliveryResults } from './results.js';
import type { Subscription, Topic } from './topics.js';

/** A notification on its way to one endpoint. */
export interface Parcel {
  subscription: Subscription;
  type: NoticeType;
  messageId: string;
  /** Made when it is needed, as a signature costs a millisecond and a place in the queue should not. */
  body(): Promise<string>;
  /** Whether the body is the message alone. */
  isRaw: boolean;
}

/** A parcel that is due, and how often it has been tried. */
interface Due {
  parcel: Parcel;
  attempts: number;
}

/** The notifications for one endpoint, a few of them at a time: one that does not answer holds up no other. */
interface Lane {
  due: Due[];
  busy: number;
}

/** Brings notifications to their endpoints, again and again by the delivery policy, as SNS does. In no order. */
export class Deliveries {
  readonly results = new DeliveryResults();
  readonly #lanes = new Map<string, Lane>();
  readonly #poster = new Poster();
  readonly #closing = new AbortController();
  #held = 0;

  /**
   * @param settingsOf of the account that a topic belongs to
   * @param maxHeld notifications under way over all subscriptions; beyond that new ones are given up at once
   */
  constructor(
    private readonly settingsOf: (topic: Topic) => AccountSettings,
    private readonly now: () => number,
    private readonly maxHeld: number,
  ) {}

  /** Takes a notification, if there is room; it is under way when this returns. */
  add(parcel: Parcel): void {
    if (this.#closing.signal.aborted) return;
    if (this.#held >= this.maxHeld) {
      this.#settle({ parcel, attempts: 0 }, 'given-up', 'No room');
      return;
    }
    this.#held++;
    this.results.countTaken(parcel.subscription.topic.arn);
    const lane = this.#laneOf(parcel.subscription);
    lane.due.push({ parcel, attempts: 0 });
    this.#work(lane);
  }

  /** Gives up what is still on its way. */
  close(): void {
    this.#closing.abort();
    this.#lanes.clear();
    this.#poster.close();
  }

  #laneOf({ arn }: Subscription): Lane {
    const known = this.#lanes.get(arn);
    if (known) return known;
    const lane: Lane = { due: [], busy: 0 };
    this.#lanes.set(arn, lane);
    return lane;
  }

  #work(lane: Lane): void {
    for (let [next] = lane.due; next; [next] = lane.due) {
      if (lane.busy >= this.settingsOf(next.parcel.subscription.topic).snsConcurrency) return;
      lane.due.shift();
      lane.busy++;
      void this.#serve(lane, next);
    }
  }

  /** One attempt. What is to be tried again takes no place of the lane's while it waits. */
  async #serve(lane: Lane, due: Due): Promise<void> {
    const { topic } = due.parcel.subscription;
    const pauseSeconds = await this.#attempt(due);
    lane.busy--;
    this.#work(lane);
    if (pauseSeconds === undefined) {
      this.#held--;
      this.results.countLeft(topic.arn);
      return;
    }
    const { signal } = this.#closing;
    // The only error is that everything closes.
    await delay(pauseSeconds * 1000 * this.settingsOf(topic).snsPauseScale, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    lane.due.push(due);
    this.#work(lane);
  }

  /** @returns how long to wait for the next attempt; undefined when there is none. */
  async #attempt(due: Due): Promise<number | undefined> {
    if (!isWanted(due.parcel)) {
      this.#settle(due, 'given-up', 'Not subscribed any more');
      return undefined;
    }
    const policy = deliveryPolicyOf(due.parcel.subscription);
    const pause = policy.pauses[due.attempts];
    due.attempts++;
    const answer = await this.#post(due.parcel, policy.contentType);
    if (isSuccess(answer)) this.#settle(due, 'delivered', answer);
    else if (isFinal(answer) || pause === undefined) this.#settle(due, 'given-up', answer);
    else return pause;
    return undefined;
  }

  /** The status as text, or why there was none. */
  async #post({ subscription, type, messageId, isRaw, body }: Parcel, contentType: string): Promise<string> {
    this.results.countAttempt(subscription.topic.arn);
    const headers = {
      'content-type': contentType,
      'x-amz-sns-message-type': type,
      'x-amz-sns-message-id': messageId,
      'x-amz-sns-topic-arn': subscription.topic.arn,
      ...(type !== 'SubscriptionConfirmation' && { 'x-amz-sns-subscription-arn': subscription.arn }),
      ...(isRaw && { 'x-amz-sns-rawdelivery': 'true' }),
    };
    try {
      return String(await this.#poster.post(subscription.endpoint, await body(), headers));
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  #settle({ parcel, attempts }: Due, outcome: DeliveryResult['outcome'], reason: string): void {
    const { subscription, type, messageId } = parcel;
    const { endpoint, topic } = subscription;
    this.results.add({ topicArn: topic.arn, endpoint, type, messageId, attempts, outcome, reason, at: this.now() });
  }
}

/** A confirmation goes out whatever the subscription is by now. */
function isWanted({ type, subscription }: Parcel): boolean {
  return type !== 'Notification' || subscription.status === 'confirmed';
}

function isSuccess(answer: string): boolean {
  return /^2\d\d$/.test(answer);
}

/** SNS takes a refusal by the client at its word, but for "too many requests". */
function isFinal(answer: string): boolean {
  return /^4\d\d$/.test(answer) && answer !== '429';
}
