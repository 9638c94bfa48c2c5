import { describe, expect, it } from 'vitest';
import { parseSesEvent } from '../../../src/ses/events.js';

const mail = {
  timestamp: '2026-11-24T10:00:00.000Z',
  messageId: '0100-1',
  destination: ['ann@example.com'],
  tags: { pmh_delivery: ['6'.repeat(24)], pmh_attempt: ['2'], 'ses:caller-identity': ['x'] },
};
const common = {
  messageId: '0100-1',
  sentAt: new Date(mail.timestamp),
  tags: { delivery: '6'.repeat(24), attempt: 2 },
  recipients: ['ann@example.com'],
};

describe('an event of SES', () => {
  it.each([
    ['Send', {}, { kind: 'send', at: common.sentAt }],
    [
      'Delivery',
      { delivery: { timestamp: '2026-11-24T10:00:02.5Z', recipients: [], smtpResponse: '250' } },
      { kind: 'delivery', at: new Date('2026-11-24T10:00:02.500Z') },
    ],
    ['Reject', { reject: { reason: 'Bad content' } }, { kind: 'reject', at: common.sentAt, reason: 'Bad content' }],
    [
      'Bounce',
      {
        bounce: {
          bounceType: 'Permanent',
          bounceSubType: 'NoEmail',
          bouncedRecipients: [{ emailAddress: 'ann@example.com', diagnosticCode: '550 5.1.1', status: '5.1.1' }],
          timestamp: '2026-11-24T10:00:03.000Z',
          feedbackId: 'f',
        },
      },
      {
        kind: 'bounce',
        at: new Date('2026-11-24T10:00:03.000Z'),
        isPermanent: true,
        type: 'Permanent',
        subType: 'NoEmail',
        diagnostic: '550 5.1.1',
      },
    ],
    [
      'Complaint',
      {
        complaint: {
          complainedRecipients: [{ emailAddress: 'ann@example.com' }],
          complaintFeedbackType: 'not-spam',
          complaintSubType: null,
          timestamp: '2026-11-25T10:00:00.000Z',
        },
      },
      { kind: 'complaint', at: new Date('2026-11-25T10:00:00.000Z'), isNotSpam: true, subType: '' },
    ],
  ])('%s is read, as an event and as a notification', (name, detail, expected) => {
    for (const key of ['eventType', 'notificationType']) {
      expect(parseSesEvent({ [key]: name, mail, ...detail })).toEqual({ ...common, ...expected });
    }
  });

  it('without tags names no delivery', () => {
    const { tags: _, ...untagged } = mail;
    expect(parseSesEvent({ notificationType: 'Send', mail: untagged })?.tags).toEqual({});
  });

  it.each([
    ['nothing', undefined],
    ['a word', 'Send'],
    ['no mail', { eventType: 'Send' }],
    ['no message id', { eventType: 'Send', mail: { ...mail, messageId: '' } }],
    ['a bounce without one', { eventType: 'Bounce', mail }],
    ['a kind that is about lists', { eventType: 'Subscription', mail }],
    ['a kind nobody knows', { eventType: 'Teleported', mail }],
    [
      'nested junk',
      { eventType: 'Send', mail: { ...mail, destination: { a: 1 }, tags: [[[]]], timestamp: 5, messageId: {} } },
    ],
  ])('%s is none', (_what, payload) => {
    expect(parseSesEvent(payload)).toBeUndefined();
  });
});
