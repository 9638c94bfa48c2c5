import type { Delivery } from '../../src/models/delivery.js';

/** When SES took a message. */
export const SENT_AT = '2026-11-24T10:00:00.000Z';

/** A later moment, so many seconds after it. */
export const later = (seconds: number) => new Date(Date.parse(SENT_AT) + seconds * 1_000).toISOString();

type Known = Pick<Delivery, '_id' | 'email'>;

/** An event as SES publishes it, of the delivery's first attempt. */
export function sesEvent(eventType: string, { _id, email }: Known, detail: object = {}, mail: object = {}) {
  return {
    eventType,
    mail: {
      timestamp: SENT_AT,
      messageId: `ses-${_id.toHexString()}`,
      destination: [email],
      tags: { pmh_delivery: [_id.toHexString()], pmh_attempt: ['1'] },
      ...mail,
    },
    ...detail,
  };
}

const PERSON =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36';

/** One of each kind, with times of their own. */
export const SES_EVENTS = {
  send: (one: Known, mail = {}) => sesEvent('Send', one, { send: {} }, mail),
  delivery: (one: Known, mail = {}) => sesEvent('Delivery', one, { delivery: { timestamp: later(3) } }, mail),
  bounce: (one: Known, mail = {}, bounceType = 'Permanent', bounceSubType = 'General') => {
    const bouncedRecipients = [{ emailAddress: one.email, status: '5.1.1', diagnosticCode: '550 no such user' }];
    return sesEvent(
      'Bounce',
      one,
      { bounce: { bounceType, bounceSubType, bouncedRecipients, timestamp: later(5) } },
      mail,
    );
  },
  complaint: (one: Known, mail = {}, complaintFeedbackType = 'abuse') => {
    const complainedRecipients = [{ emailAddress: one.email }];
    const complaint = { complainedRecipients, complaintFeedbackType, timestamp: later(3_600) };
    return sesEvent('Complaint', one, { complaint }, mail);
  },
  reject: (one: Known, mail = {}) => sesEvent('Reject', one, { reject: { reason: 'Bad content' } }, mail),
  delay: (one: Known, mail = {}) =>
    sesEvent('DeliveryDelay', one, { deliveryDelay: { delayType: 'MailboxFull', timestamp: later(60) } }, mail),
  open: (one: Known, mail = {}, userAgent = PERSON) =>
    sesEvent('Open', one, { open: { ipAddress: '192.0.2.7', userAgent, timestamp: later(120) } }, mail),
  click: (one: Known, mail = {}, userAgent = PERSON) => {
    const click = { ipAddress: '192.0.2.7', userAgent, link: 'https://example.com/offer', timestamp: later(180) };
    return sesEvent('Click', one, { click }, mail);
  },
} as const;
