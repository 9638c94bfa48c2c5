import {
  GetAccountSendingEnabledCommand,
  GetSendQuotaCommand,
  UpdateAccountSendingEnabledCommand,
  VerifyEmailIdentityCommand,
} from '@aws-sdk/client-ses';
import { describe, expect, it } from 'vitest';
import { failureOf, mail, sdk, useSes } from './ses-client.js';

const HOUR_MS = 60 * 60 * 1000;

function clock(start = Date.UTC(2027, 0, 15, 12)) {
  let at = start;
  return { now: () => at, advance: (ms: number) => (at += ms) };
}

describe('the limits of the local SES', () => {
  it('refuses what exceeds the rate, and refills by the clock', async () => {
    const { now, advance } = clock();
    const { endpoint, control } = await useSes({ now, account: { maxSendRate: 2 } });
    const client = sdk(endpoint);
    const send = () => client.send(mail('a@example.net'));
    await send();
    await send();
    expect(await failureOf(send())).toEqual({ name: 'Throttling', message: 'Maximum sending rate exceeded.' });
    advance(500);
    await send();
    expect(await failureOf(send())).toMatchObject({ name: 'Throttling' });
    expect(await control.totals()).toMatchObject({ offered: 5, accepted: 3, refused: { Throttling: 2 } });
  });

  it('keeps the accounts of two access keys apart', async () => {
    const { now } = clock();
    const { endpoint } = await useSes({ now, account: { maxSendRate: 1 } });
    await sdk(endpoint, 'AKIAONE').send(mail('a@example.net'));
    await sdk(endpoint, 'AKIATWO').send(mail('a@example.net'));
    expect(await failureOf(sdk(endpoint, 'AKIAONE').send(mail('a@example.net')))).toMatchObject({ name: 'Throttling' });
  });

  it('refuses what exceeds the last 24 hours, until they have passed', async () => {
    const { now, advance } = clock();
    const { endpoint, control } = await useSes({ now, account: { maxSendRate: 100, max24HourSend: 10 } });
    const client = sdk(endpoint);
    await control.changeAccount('AKIATEST', { sentLast24Hours: 8 });
    advance(HOUR_MS);
    await client.send(mail('a@example.net'));
    await client.send(mail('a@example.net'));
    expect(await failureOf(client.send(mail('a@example.net')))).toEqual({
      name: 'Throttling',
      message: 'Daily message quota exceeded.',
    });
    expect(await client.send(new GetSendQuotaCommand({}))).toMatchObject({
      Max24HourSend: 10,
      MaxSendRate: 100,
      SentLast24Hours: 10,
    });
    advance(23 * HOUR_MS);
    await client.send(mail('a@example.net'));
    expect(await client.send(new GetSendQuotaCommand({}))).toMatchObject({ SentLast24Hours: 3 });
  });

  it('counts without refusing when told to', async () => {
    const { now } = clock();
    const { endpoint, control } = await useSes({ now, account: { maxSendRate: 1, enforceLimits: false } });
    for (let sent = 0; sent < 3; sent++) await sdk(endpoint).send(mail('a@example.net'));
    expect(await control.totals()).toMatchObject({ accepted: 3, overLimit: 2 });
  });

  it('checks sender and recipients in the sandbox, but for the simulator', async () => {
    const { endpoint, control } = await useSes({ account: { sandbox: true } });
    const client = sdk(endpoint);
    expect(await failureOf(client.send(mail('a@example.net')))).toEqual({
      name: 'MessageRejected',
      message:
        'Email address is not verified. The following identities failed the check in region US-EAST-1: sender@example.com, a@example.net',
    });
    await control.changeIdentity({ accessKeyId: 'AKIATEST', identity: 'example.com', status: 'Success' });
    await client.send(mail('bounce+label@simulator.amazonses.com'));
    await client.send(new VerifyEmailIdentityCommand({ EmailAddress: 'A@example.net' }));
    await client.send(mail('a@example.net'));
    expect(await control.totals()).toMatchObject({ accepted: 2 });
  });

  it('refuses everything while the account is paused', async () => {
    const { endpoint } = await useSes();
    const client = sdk(endpoint);
    await client.send(new UpdateAccountSendingEnabledCommand({ Enabled: false }));
    expect(await client.send(new GetAccountSendingEnabledCommand({}))).toMatchObject({ Enabled: false });
    expect(await failureOf(client.send(mail('a@example.net')))).toMatchObject({
      name: 'AccountSendingPausedException',
    });
    await client.send(new UpdateAccountSendingEnabledCommand({ Enabled: true }));
    await client.send(mail('a@example.net'));
  });
});
