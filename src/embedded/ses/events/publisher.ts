import type { Account } from '../accounts.js';
import type { EventType } from '../configuration-sets.js';
import type { Outgoing } from '../outgoing.js';
import type { Sns } from '../sns/service.js';
import { allowsSesToPublish } from '../sns/topic-policy.js';
import { type EventPayload, outcomeEvent, type SentMessage, sendEvent } from './payload.js';
import { type Outcome, outcomesOf } from './simulator.js';

/** The subject of every notification that SES makes of an event. */
const SUBJECT = 'Amazon SES Email Event Notification';

/** What was accepted. */
export interface Accepted {
  account: Account;
  outgoing: Outgoing;
  action: string;
  region: string;
  messageId: string;
  at: number;
}

/** What became of the events. */
export interface EventTotals {
  /** Events given to SNS, one for each topic that hears of it. */
  published: number;
  /** Not given to SNS, as the topic is gone or its policy no longer lets SES publish. */
  notAllowed: number;
  /** Messages that are to have outcomes yet. */
  pending: number;
  /** Messages that had none for want of room. */
  dropped: number;
}

/** Publishes what becomes of accepted messages to the event destinations of their configuration sets. */
export class EventPublisher {
  readonly #timers = new Set<NodeJS.Timeout>();
  #published = 0;
  #notAllowed = 0;
  #dropped = 0;

  /** @param maxPending messages whose outcomes are still to come; beyond that new ones have none */
  constructor(
    private readonly sns: Sns,
    private readonly now: () => number,
    private readonly maxPending: number,
  ) {}

  totals(): EventTotals {
    return {
      published: this.#published,
      notAllowed: this.#notAllowed,
      pending: this.#timers.size,
      dropped: this.#dropped,
    };
  }

  /** Lets the outcomes of a message come, if anybody wants to hear of them. */
  announce({ account, outgoing, action, region, messageId, at }: Accepted): void {
    const { configurationSet, sender, recipients, tags } = outgoing;
    if (!configurationSet || account.configurationSets.destinations(configurationSet).length === 0) return;
    if (account.settings.outcomeDelayMs === null) return;
    if (this.#timers.size >= this.maxPending) {
      this.#dropped++;
      return;
    }
    const message: SentMessage = {
      messageId,
      at,
      accountId: account.accountId,
      region,
      sender,
      recipients,
      tags,
      ownTags: {
        'ses:operation': action,
        'ses:configuration-set': configurationSet,
        'ses:source-ip': '127.0.0.1',
        'ses:caller-identity': account.accessKeyId,
      },
      headers: outgoing.headers(),
    };
    const outcomes = recipients.map((recipient) => outcomesOf(recipient, account));
    this.#step({ account, configurationSet, message, outcomes, step: 0 });
  }

  /** Forgets the outcomes that are still to come, and what was counted. */
  clear(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#published = 0;
    this.#notAllowed = 0;
    this.#dropped = 0;
  }

  /** The message is sent, then every recipient has its first outcome, then its second. */
  #step(progress: Progress): void {
    const { message, outcomes, step } = progress;
    const { outcomeDelayMs } = progress.account.settings;
    if (outcomeDelayMs === null) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (step === 0) this.#publish(progress, 'send', sendEvent(message));
      for (const [index, recipient] of message.recipients.entries()) {
        const outcome = outcomes[index]?.[step - 1];
        if (outcome) this.#publish(progress, outcome.kind, outcomeEvent(message, recipient, outcome, this.now()));
      }
      if (outcomes.some(({ length }) => length > step)) this.#step({ ...progress, step: step + 1 });
    }, outcomeDelayMs);
    this.#timers.add(timer);
  }

  #publish({ account, configurationSet, message }: Progress, type: EventType, payload: EventPayload): void {
    const { accountId, configurationSets } = account;
    const sourceArn = `arn:aws:ses:${message.region}:${accountId}:configuration-set/${configurationSet}`;
    for (const arn of configurationSets.topicsFor(configurationSet, type)) {
      const topic = this.sns.topics.find(arn);
      if (topic && allowsSesToPublish(topic, { accountId, sourceArn })) {
        // SES ends its events with a line break.
        this.sns.publish(topic, { subject: SUBJECT, message: `${JSON.stringify(payload)}\n` });
        this.#published++;
      } else {
        this.#notAllowed++;
      }
    }
  }
}

/** How far a message is. */
interface Progress {
  account: Account;
  configurationSet: string;
  message: SentMessage;
  /** Of each recipient. */
  outcomes: readonly (readonly Outcome[])[];
  step: number;
}
