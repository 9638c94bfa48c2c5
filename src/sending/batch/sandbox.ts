import { randomUUID } from 'node:crypto';
import type { Types } from 'mongoose';
import { NotificationModel } from '../../models/notification.js';
import { insertMissing, JOURNALED } from '../../mongo.js';
import type { Gateway, RawMessage } from '../../ses/gateway.js';

/** What SES would tell of an address, beside that it took the message. */
type Outcome = { eventType: string } & Record<string, unknown>;

const delivered = (recipients: string[]): Outcome => ({ eventType: 'Delivery', delivery: { recipients } });

const bounced = (recipient: string, bounceType: string, bounceSubType: string, diagnosticCode?: string): Outcome => ({
  eventType: 'Bounce',
  bounce: { bounceType, bounceSubType, bouncedRecipients: [{ emailAddress: recipient, diagnosticCode }] },
});

/**
 * The addresses of SES's mailbox simulator, with or without a label (`bounce+order-4711@simulator.amazonses.com`), and what
 * SES tells of each (Amazon SES Developer Guide, "Using the Amazon SES mailbox simulator").
 */
const SIMULATED: Readonly<Record<string, (recipient: string) => Outcome[]>> = {
  bounce: (to) => [bounced(to, 'Permanent', 'General', 'smtp; 550 5.1.1 user unknown')],
  ooto: (to) => [delivered([to]), bounced(to, 'Transient', 'General')],
  complaint: (to) => [
    delivered([to]),
    { eventType: 'Complaint', complaint: { complainedRecipients: [{ emailAddress: to }] } },
  ],
  suppressionlist: (to) => [bounced(to, 'Permanent', 'Suppressed', 'The address is on SES’s suppression list')],
};

function outcomesOf(recipient: string): Outcome[] {
  const name = /^([a-z]+)(?:\+.*)?@simulator\.amazonses\.com$/.exec(recipient)?.[1] ?? '';
  const simulated = Object.hasOwn(SIMULATED, name) ? SIMULATED[name] : undefined;
  return simulated ? simulated(recipient) : [delivered([recipient])];
}

/**
 * The way of a test key's mail: it takes every message, and SES never hears of it. What SES would tell of it is put where
 * its notifications wait, before the message is taken, so that everything behind it is as it is with SES.
 */
export function sandboxGateway(business: Types.ObjectId): Gateway {
  return {
    account: 'sandbox',
    accessKeyId: '',
    quota: async () => ({ maxPerSecond: 0, maxPer24Hours: -1, sentLast24Hours: 0 }),
    async send({ to, tags }: RawMessage) {
      const messageId = `test-${randomUUID()}`;
      const now = new Date();
      const mail = {
        messageId,
        timestamp: now.toISOString(),
        destination: [to],
        tags: Object.fromEntries(Object.entries(tags).map(([name, value]) => [name, [value]])),
      };
      const told: Outcome[] = [{ eventType: 'Send', send: {} }, ...outcomesOf(to)];
      const rows = told.map((outcome, place) => ({
        business,
        messageId: `${messageId}-${place}`,
        event: JSON.stringify({ mail, ...outcome }),
        isTest: true,
        receivedAt: now,
        dueAt: now,
        tries: 0,
      }));
      await insertMissing(NotificationModel.collection, rows, JOURNALED);
      return messageId;
    },
  };
}
