import {
  CreateConfigurationSetCommand,
  DescribeConfigurationSetCommand,
  GetSendQuotaCommand,
  SendRawEmailCommand,
} from '@aws-sdk/client-ses';
import { GetAccountCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { CreateTopicCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { describe, expect, it, onTestFinished } from 'vitest';
import { accountIdOf } from '../../src/embedded/ses/caller.js';
import { failureOf, mail, sdk, useSes } from './ses-client.js';
import { arnOf, snsSdk } from './sns-client.js';

const USER = `arn:aws:iam::${accountIdOf('AKIATEST')}:user/AKIATEST`;

describe('actions that IAM denies an account of the local SES', () => {
  it('says of SNS who may not do what to which topic', async () => {
    const { endpoint, control } = await useSes();
    await control.changeAccount('AKIATEST', { deniedActions: ['sns:CreateTopic', 'sns:Subscribe'] });
    const sns = snsSdk(endpoint);
    expect(await failureOf(sns.send(new CreateTopicCommand({ Name: 'events' })))).toEqual({
      name: 'AuthorizationErrorException',
      message: `User: ${USER} is not authorized to perform: SNS:CreateTopic on resource: ${arnOf('events')} because no identity-based policy allows the SNS:CreateTopic action`,
    });
    const subscribe = new SubscribeCommand({
      TopicArn: arnOf('events'),
      Protocol: 'https',
      Endpoint: 'https://a.example',
    });
    expect((await failureOf(sns.send(subscribe))).message).toContain(
      `not authorized to perform: SNS:Subscribe on resource: ${arnOf('events')}`,
    );
    await snsSdk(endpoint, 'AKIAOTHER').send(new CreateTopicCommand({ Name: 'events' }));
    await control.changeAccount('AKIATEST', { deniedActions: [] });
    await sns.send(new CreateTopicCommand({ Name: 'events' }));
  });

  it('says so of SES v1 and v2, and lets through what is not denied', async () => {
    const { endpoint, control } = await useSes();
    await control.changeAccount('AKIATEST', { deniedActions: ['ses:CreateConfigurationSet', 'ses:GetAccount'] });
    const create = new CreateConfigurationSetCommand({ ConfigurationSet: { Name: 'main' } });
    const resource = `arn:aws:ses:us-east-1:${accountIdOf('AKIATEST')}:configuration-set/main`;
    expect(await failureOf(sdk(endpoint).send(create))).toEqual({
      name: 'AccessDenied',
      message: `User: ${USER} is not authorized to perform: ses:CreateConfigurationSet on resource: ${resource} because no identity-based policy allows the ses:CreateConfigurationSet action`,
    });
    const v2 = new SESv2Client({
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'any secret' },
      maxAttempts: 1,
    });
    onTestFinished(() => v2.destroy());
    expect(await failureOf(v2.send(new GetAccountCommand({})))).toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining('is not authorized to perform: ses:GetAccount'),
    });
    await sdk(endpoint).send(new GetSendQuotaCommand({}));
    expect(await control.totals()).toMatchObject({ refused: { AccessDenied: 2 } });
  });

  it('denies sends in the words that SES has for them, and takes nothing', async () => {
    const { endpoint, control } = await useSes();
    await control.changeAccount('AKIATEST', { deniedActions: ['ses:Send*'] });
    const failure = await failureOf(sdk(endpoint).send(mail('a@example.net')));
    const resource = `arn:aws:ses:us-east-1:${accountIdOf('AKIATEST')}:identity/example.com`;
    expect(failure).toEqual({
      name: 'AccessDenied',
      message: `User \`${USER}' is not authorized to perform \`ses:SendRawEmail' on resource \`${resource}'`,
    });
    expect(await control.totals()).toMatchObject({ accepted: 0 });
  });

  it('denies a whole service, and never the question who one is', async () => {
    const { endpoint, control } = await useSes();
    await control.changeAccount('AKIATEST', { deniedActions: ['ses:*', 'sts:*'] });
    const calls = [
      new SendRawEmailCommand({ RawMessage: { Data: Buffer.from('From: a@b.example\r\n\r\n') } }),
      new GetSendQuotaCommand({}),
      new DescribeConfigurationSetCommand({ ConfigurationSetName: 'main' }),
    ];
    for (const call of calls) {
      expect(await failureOf(sdk(endpoint).send(call as GetSendQuotaCommand))).toMatchObject({ name: 'AccessDenied' });
    }
    const sts = new STSClient({
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'any secret' },
    });
    onTestFinished(() => sts.destroy());
    expect(await sts.send(new GetCallerIdentityCommand({}))).toMatchObject({ Account: accountIdOf('AKIATEST') });
  });
});
