import { describe, expect, it } from 'vitest';
import type { Audience } from '../../../scripts/quickstart/audience.js';
import { check, type Evidence } from '../../../scripts/quickstart/check.js';
import { DELIVERY_STATUSES } from '../../../src/models/delivery.js';

const NAMES = ["Zoë O'Brien", 'Jörg Müller'];
const emailOf = (name: string) => `${name.charAt(0).toLowerCase()}@example.com`;
const person = (name: string) => ({ name, city: 'Köln', bottle: 'Talisker 10' });

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

function ledgerRow(name: string) {
  const at = '2026-10-01T10:00:00.000Z';
  return {
    id: '665f1c2ab7d04e0012a4c9d1',
    email: emailOf(name),
    name,
    variables: {},
    status: 'sent' as const,
    attempts: 1,
    messageId: `ses-${name}`,
    error: null,
    sentAt: at,
    deliveredAt: null,
    bouncedAt: null,
    complainedAt: null,
    failedAt: null,
    unconfirmedAt: null,
    unsubscribedAt: null,
    openedAt: null,
    clickedAt: null,
    machineOpenedAt: null,
    machineClickedAt: null,
    createdAt: at,
  };
}

function acceptedRow(name: string) {
  return { recipient: emailOf(name), messageId: `ses-${name}`, at: 0, accessKeyId: 'AKIA', tags: {} };
}

function letter(name: string) {
  const escaped = name.replace("'", '&#39;');
  const body = (who: string) => `Dear ${who},\nyour Talisker 10 is waiting for you: Köln. Unsubscribe`;
  return {
    id: `inbox-${name}`,
    to: `"${name}" <${emailOf(name)}>`,
    subject: `${name}, your Talisker 10 is ready`,
    html: body(escaped),
    text: body(name),
  };
}

interface Overrides extends Partial<Omit<Evidence, 'ledger' | 'accepted'>> {
  ledger?: ReturnType<typeof ledgerRow>[];
  accepted?: ReturnType<typeof acceptedRow>[];
}

/** A campaign of two people of whom everything is right, but for what is overridden. */
function evidence({ ledger, accepted, ...rest }: Overrides = {}): Evidence {
  const people: Audience['people'] = new Map(NAMES.map((name) => [emailOf(name), person(name)]));
  const none = Object.fromEntries(DELIVERY_STATUSES.map((status) => [status, 0])) as Evidence['stats']['states'];
  return {
    audience: { people, duplicates: 1, invalid: 1, lines: 4 },
    report: { added: 2, duplicates: 1, suppressed: 0, invalid: 1, errors: [] },
    stats: { total: 2, states: { ...none, sent: 2 } },
    inbox: NAMES.map(letter),
    isInboxComplete: true,
    ...rest,
    ledger: each(ledger ?? NAMES.map(ledgerRow)),
    accepted: each(accepted ?? NAMES.map(acceptedRow)),
  };
}

describe('the quickstart’s proof', () => {
  const [zoe = '', joerg = ''] = NAMES;

  it('has nothing to say where list, ledger, SES and inbox agree', async () => {
    expect(await check(evidence())).toEqual([]);
  });

  it('finds somebody mailed twice', async () => {
    const problems = await check(evidence({ accepted: [zoe, joerg, joerg].map(acceptedRow) }));
    expect(problems).toEqual([`SES: ${emailOf(joerg)} was mailed twice`]);
  });

  it('finds somebody forgotten by SES and inbox whom the ledger calls sent', async () => {
    const problems = await check(evidence({ accepted: [acceptedRow(zoe)], inbox: [letter(zoe)] }));
    expect(problems).toEqual([
      'accepted by SES: 1 where 2 were expected',
      'messages in the inbox: 1 where 2 were expected',
    ]);
  });

  it('finds a letter with somebody else’s name', async () => {
    const wrong = { ...letter(zoe), to: letter(joerg).to };
    const problems = await check(evidence({ inbox: [letter(zoe), { ...wrong, id: 'other' }] }));
    expect(problems).toEqual([
      `inbox: the message to ${emailOf(joerg)} has the subject "${zoe}, your Talisker 10 is ready"`,
    ]);
  });

  it('finds a name that was broken on the way', async () => {
    const broken = { ...letter(joerg), text: letter(joerg).text.replace('ö', '?') };
    expect(await check(evidence({ inbox: [letter(zoe), broken] }))).toEqual([
      `inbox: the message to ${emailOf(joerg)} does not address ${joerg} in its text`,
    ]);
  });

  it('finds a message id that the ledger does not know', async () => {
    const problems = await check(evidence({ ledger: [ledgerRow(zoe), { ...ledgerRow(joerg), messageId: 'else' }] }));
    expect(problems).toEqual([`SES: ses-${joerg} of ${emailOf(joerg)} is not in the ledger`]);
  });

  it('does not ask an inbox that was not given everything for all of it', async () => {
    expect(await check(evidence({ inbox: [letter(zoe)], isInboxComplete: false }))).toEqual([]);
  });
});
