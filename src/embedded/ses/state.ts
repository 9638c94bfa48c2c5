import { Accounts } from './accounts.js';
import { EventPublisher } from './events/publisher.js';
import { Failures } from './failures.js';
import { InboxQueue } from './inbox-queue.js';
import { RecentMessages } from './recent-messages.js';
import { SendRecord } from './record.js';
import { type AccountSettings, DEFAULT_SETTINGS } from './settings.js';
import { Sns } from './sns/service.js';

/** How a local SES behaves. */
export interface SesSettings {
  /** What accounts start with; AWS's usual first limits where it says nothing. */
  account?: Partial<AccountSettings>;
  /** The web inbox that gets accepted mail. */
  inboxUrl?: string;
  /** How many of the last messages are kept whole, to be read again. 100 when left out. */
  keepRaw?: number;
  /** How many notifications may be on their way, about 4 kB each, and how many messages may have outcomes to come. 20,000 when left out. */
  maxNotifications?: number;
  /** The clock, in milliseconds since 1970. */
  now?: () => number;
}

/** Everything that a local SES knows. */
export interface SesState {
  readonly accounts: Accounts;
  readonly failures: Failures;
  readonly record: SendRecord;
  readonly recent: RecentMessages;
  readonly inbox: InboxQueue;
  readonly sns: Sns;
  readonly events: EventPublisher;
  readonly now: () => number;
}

/** A local SES that has not been asked anything yet. */
export function createState(settings: SesSettings = {}): SesState {
  const now = settings.now ?? Date.now;
  const inbox = new InboxQueue();
  inbox.setUrl(settings.inboxUrl ?? null);
  const accounts = new Accounts({ ...DEFAULT_SETTINGS, ...settings.account }, now);
  const maxNotifications = settings.maxNotifications ?? 20_000;
  const sns = new Sns(accounts, now, maxNotifications);
  return {
    accounts,
    failures: new Failures(),
    record: new SendRecord(),
    recent: new RecentMessages(settings.keepRaw ?? 100),
    inbox,
    sns,
    events: new EventPublisher(sns, now, maxNotifications),
    now,
  };
}
