import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { audit, type Evidence } from '../../../scripts/faults/audit.js';
import { sumUp } from '../../../scripts/support/findings.js';
import { DELIVERY_STATUSES, type Delivery, type DeliveryStatus } from '../../../src/models/delivery.js';

const WINDOW = 256;
const ANN = 'ann@example.com';
const BOB = 'bob@example.com';

function row(email: string, status: DeliveryStatus = 'sent', fields: Partial<Delivery> = {}): Delivery {
  const sent = status === 'sent' ? { messageId: `ses-${email}`, sentAt: new Date(0) } : {};
  const ids = { _id: new Types.ObjectId(), business: new Types.ObjectId(), campaign: new Types.ObjectId() };
  const state = { status, bucket: 0, dueAt: new Date(0), attempts: 1, createdAt: new Date(0) };
  return { ...ids, email, ...state, ...sent, ...fields };
}

/** A campaign to two people of which everything is right, but for what is overridden; its numbers are those of its rows. */
function evidence(overrides: Partial<Evidence> = {}): Evidence {
  const rows = overrides.rows ?? [row(ANN), row(BOB)];
  const none = Object.fromEntries(DELIVERY_STATUSES.map((status) => [status, 0]));
  const states: Record<string, number> = { ...none };
  for (const { status } of rows) states[status] = (states[status] ?? 0) + 1;
  const used = rows.filter(({ status }) => status === 'sent' || status === 'unconfirmed').length;
  return {
    addresses: new Set([ANN, BOB]),
    rows,
    accepted: [ANN, BOB].map((recipient) => ({ recipient, messageId: `ses-${recipient}` })),
    month: { used, limit: 1_000, reservations: 0 },
    shown: { total: rows.length, states, stats: { sent: rows.filter(({ sentAt }) => sentAt).length, opened: 0 } },
    offered: [{ at: 0, offered: 2, accepted: 2 }],
    rate: 250,
    doubt: { killedWorkers: 0, unclearAnswers: 0 },
    ...overrides,
  };
}

const texts = (overrides: Partial<Evidence>) => audit(evidence(overrides), WINDOW).map(({ text }) => text);
const figures = (overrides: Partial<Evidence>) => {
  const sums = Object.entries(sumUp(audit(evidence(overrides), WINDOW)));
  return Object.fromEntries(sums.filter(([, count]) => count > 0));
};

describe('the audit of a trial', () => {
  it('has nothing to say where all is right', () => {
    expect(texts({})).toEqual([]);
  });

  it('finds who has no row', () => {
    expect(figures({ rows: [row(ANN)] })).toEqual({ lost: 1 });
  });

  it('finds who is not at an end, or at one that nobody asked for', () => {
    expect(texts({ rows: [row(ANN, 'pending'), row(BOB, 'failed', { error: { code: 'X', message: 'no' } })] })).toEqual(
      [`${ANN} is still pending`, `${BOB} is failed (X: no), and SES refused nobody`],
    );
  });

  it('finds who is sent without SES knowing the message, or as somebody else’s', () => {
    expect(figures({ accepted: [{ recipient: ANN, messageId: `ses-${ANN}` }] })).toEqual({ lost: 1 });
    expect(figures({ rows: [row(ANN), row(BOB, 'sent', { messageId: `ses-${ANN}` })] })).toEqual({ lost: 1 });
  });

  it('finds who was mailed twice', () => {
    const accepted = [ANN, BOB, BOB].map((recipient) => ({ recipient, messageId: `ses-${recipient}` }));
    expect(texts({ accepted })).toEqual([`${BOB} was mailed 2 times`]);
  });

  it('excuses doubt by killed workers and unclear answers, and nothing beyond', () => {
    const rows = [row(ANN, 'unconfirmed'), row(BOB, 'unconfirmed')];
    expect(figures({ rows })).toEqual({ unconfirmedOver: 2 });
    expect(figures({ rows, doubt: { killedWorkers: 0, unclearAnswers: 1 } })).toEqual({ unconfirmedOver: 1 });
    expect(figures({ rows, doubt: { killedWorkers: 1, unclearAnswers: 0 } })).toEqual({});
  });

  it('finds a month that does not count what was used, is exceeded or is not settled', () => {
    expect(figures({ month: { used: 3, limit: 1_000, reservations: 0 } })).toEqual({ quotaExceeded: 1 });
    expect(figures({ month: { used: 2, limit: 1, reservations: 0 } })).toEqual({ quotaExceeded: 1 });
    expect(figures({ month: { used: 2, limit: 1_000, reservations: 1 } })).toEqual({ quotaExceeded: 1 });
  });

  it('finds each second in which too much was offered', () => {
    const offered = [0, 500, 2_000].map((at) => ({ at, offered: 170, accepted: 170 }));
    expect(texts({ offered })).toEqual([
      '340 calls in the second from 1970-01-01T00:00:00.000Z, of which 337 are allowed',
    ]);
  });

  it('finds numbers that the ledger does not bear out', () => {
    const { shown } = evidence();
    expect(texts({ shown: { ...shown, states: { ...shown.states, sent: 1 } } })).toEqual([
      'the API shows 1 as states.sent, the ledger has 2',
    ]);
    expect(texts({ shown: { ...shown, stats: { sent: 2, opened: 1 } } })).toEqual([
      'the API shows 1 as stats.opened, the ledger has 0',
    ]);
  });
});
