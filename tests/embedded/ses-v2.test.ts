import {
  DeleteSuppressedDestinationCommand,
  GetAccountCommand,
  GetSuppressedDestinationCommand,
  ListSuppressedDestinationsCommand,
  type ListSuppressedDestinationsCommandInput,
  PutSuppressedDestinationCommand,
  SESv2Client,
} from '@aws-sdk/client-sesv2';
import { describe, expect, it, onTestFinished } from 'vitest';
import { failureOf, mail, sdk, useSes } from './ses-client.js';

function sdk2(endpoint: string, accessKeyId = 'AKIATEST'): SESv2Client {
  const client = new SESv2Client({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey: 'any secret' },
    maxAttempts: 1,
  });
  onTestFinished(() => client.destroy());
  return client;
}

describe('SES v2 of the local SES', () => {
  it('says of an account what v1 cannot', async () => {
    const { endpoint, control } = await useSes();
    const client = sdk2(endpoint);
    await sdk(endpoint).send(mail('a@example.net'));
    expect(await client.send(new GetAccountCommand({}))).toMatchObject({
      ProductionAccessEnabled: true,
      SendingEnabled: true,
      EnforcementStatus: 'HEALTHY',
      SendQuota: { Max24HourSend: 50_000, MaxSendRate: 14, SentLast24Hours: 1 },
      SuppressionAttributes: { SuppressedReasons: ['BOUNCE', 'COMPLAINT'] },
    });
    await control.changeAccount('AKIATEST', {
      sandbox: true,
      sendingEnabled: false,
      enforcementStatus: 'PROBATION',
      suppressedReasons: [],
    });
    expect(await client.send(new GetAccountCommand({}))).toMatchObject({
      ProductionAccessEnabled: false,
      SendingEnabled: false,
      EnforcementStatus: 'PROBATION',
      SuppressionAttributes: { SuppressedReasons: [] },
    });
    expect(await control.totals()).toMatchObject({ calls: { GetAccount: 2 } });
  });

  it('keeps a suppression list of each account', async () => {
    const { endpoint } = await useSes({ now: () => Date.UTC(2026, 0, 2, 3, 4, 5) });
    const client = sdk2(endpoint);
    const EmailAddress = 'a+b/c@Example.net';
    await client.send(new PutSuppressedDestinationCommand({ EmailAddress, Reason: 'BOUNCE' }));
    const asked = new GetSuppressedDestinationCommand({ EmailAddress: 'a+b/c@example.NET' });
    expect((await client.send(asked)).SuppressedDestination).toMatchObject({
      EmailAddress,
      Reason: 'BOUNCE',
      LastUpdateTime: new Date('2026-01-02T03:04:05Z'),
    });
    expect(await failureOf(sdk2(endpoint, 'AKIAOTHER').send(asked))).toMatchObject({ name: 'NotFoundException' });
    await client.send(new DeleteSuppressedDestinationCommand({ EmailAddress }));
    for (const call of [client.send(asked), client.send(new DeleteSuppressedDestinationCommand({ EmailAddress }))]) {
      expect(await failureOf(call)).toMatchObject({ name: 'NotFoundException' });
    }
  });

  it('lists it by reason and time, page by page, the newest first', async () => {
    let now = 0;
    const { endpoint } = await useSes({ now: () => now });
    const client = sdk2(endpoint);
    for (const [index, Reason] of (['BOUNCE', 'COMPLAINT', 'BOUNCE', 'BOUNCE'] as const).entries()) {
      now = (index + 1) * 1000;
      await client.send(new PutSuppressedDestinationCommand({ EmailAddress: `p${index}@example.net`, Reason }));
    }
    const list = async (query: ListSuppressedDestinationsCommandInput) => {
      const { SuppressedDestinationSummaries, NextToken } = await client.send(
        new ListSuppressedDestinationsCommand(query),
      );
      return { names: SuppressedDestinationSummaries?.map((one) => one.EmailAddress?.split('@')[0]), NextToken };
    };
    expect((await list({})).names).toEqual(['p3', 'p2', 'p1', 'p0']);
    expect((await list({ Reasons: ['COMPLAINT'] })).names).toEqual(['p1']);
    expect((await list({ StartDate: new Date(2000), EndDate: new Date(3000) })).names).toEqual(['p2', 'p1']);
    const first = await list({ PageSize: 3 });
    expect(first.names).toEqual(['p3', 'p2', 'p1']);
    expect(await list({ PageSize: 3, NextToken: first.NextToken })).toEqual({ names: ['p0'], NextToken: undefined });
  });

  it('refuses what SES v2 refuses, by its names', async () => {
    const { endpoint, control } = await useSes();
    const noAddress = new PutSuppressedDestinationCommand({ EmailAddress: 'nobody', Reason: 'BOUNCE' });
    expect(await failureOf(sdk2(endpoint).send(noAddress))).toMatchObject({ name: 'BadRequestException' });
    const noReason = new PutSuppressedDestinationCommand({ EmailAddress: 'a@b.example', Reason: undefined });
    expect(await failureOf(sdk2(endpoint).send(noReason))).toMatchObject({ name: 'BadRequestException' });
    expect(await failureOf(sdk2(endpoint, 'AKIAINVALID').send(new GetAccountCommand({})))).toMatchObject({
      name: 'UnrecognizedClientException',
    });
    await control.fail({ kind: 'error', action: 'GetAccount', code: 'Throttling', status: 429 });
    expect(await failureOf(sdk2(endpoint).send(new GetAccountCommand({})))).toMatchObject({
      name: 'TooManyRequestsException',
    });
    const answer = await fetch(new URL('/v2/email/nothing', endpoint));
    expect(answer.status).toBe(404);
  });
});
