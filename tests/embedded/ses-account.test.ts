import {
  DeleteIdentityCommand,
  GetIdentityDkimAttributesCommand,
  GetIdentityMailFromDomainAttributesCommand,
  GetIdentityNotificationAttributesCommand,
  GetIdentityVerificationAttributesCommand,
  ListIdentitiesCommand,
  SetIdentityFeedbackForwardingEnabledCommand,
  SetIdentityMailFromDomainCommand,
  VerifyDomainDkimCommand,
  VerifyDomainIdentityCommand,
  VerifyEmailIdentityCommand,
} from '@aws-sdk/client-ses';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { describe, expect, it } from 'vitest';
import { failureOf, sdk, useSes } from './ses-client.js';

const DOMAIN = { Identities: ['example.com', 'unknown.example'] };

describe('the account calls of the local SES', () => {
  it('gives an access key always the same AWS account', async () => {
    const { endpoint } = await useSes();
    const accountOf = async (accessKeyId: string) => {
      const client = new STSClient({
        endpoint,
        region: 'us-east-1',
        credentials: { accessKeyId, secretAccessKey: 'any' },
      });
      const { Account, Arn } = await client.send(new GetCallerIdentityCommand({}));
      expect(Arn).toContain(Account);
      return Account;
    };
    const account = await accountOf('AKIAONE');
    expect(account).toMatch(/^\d{12}$/);
    expect(await accountOf('AKIAONE')).toBe(account);
    expect(await accountOf('AKIATWO')).not.toBe(account);
    await expect(accountOf('AKIAINVALID')).rejects.toMatchObject({ name: 'InvalidClientTokenId' });
  });

  it('takes a domain from pending to verified', async () => {
    const { endpoint, control } = await useSes({ account: { autoVerify: false } });
    const client = sdk(endpoint);
    const { VerificationToken } = await client.send(new VerifyDomainIdentityCommand({ Domain: 'example.com' }));
    const { DkimTokens } = await client.send(new VerifyDomainDkimCommand({ Domain: 'example.com' }));
    expect(VerificationToken).toHaveLength(44);
    expect(new Set(DkimTokens).size).toBe(3);
    expect(await client.send(new GetIdentityVerificationAttributesCommand(DOMAIN))).toMatchObject({
      VerificationAttributes: { 'example.com': { VerificationStatus: 'Pending', VerificationToken } },
    });

    const change = { accessKeyId: 'AKIATEST', identity: 'example.com' };
    await control.changeIdentity({ ...change, status: 'Success', dkimStatus: 'Success' });
    const { VerificationAttributes } = await client.send(new GetIdentityVerificationAttributesCommand(DOMAIN));
    expect(VerificationAttributes).toEqual({ 'example.com': { VerificationStatus: 'Success', VerificationToken } });
    const { DkimAttributes } = await client.send(new GetIdentityDkimAttributesCommand(DOMAIN));
    expect(DkimAttributes).toEqual({
      'example.com': { DkimEnabled: true, DkimVerificationStatus: 'Success', DkimTokens },
    });
  });

  it('keeps a MAIL FROM domain and feedback forwarding', async () => {
    const { endpoint } = await useSes();
    const client = sdk(endpoint);
    const mailFrom = new SetIdentityMailFromDomainCommand({ Identity: 'example.com', MailFromDomain: 'm.example.com' });
    expect(await failureOf(client.send(mailFrom))).toMatchObject({ name: 'InvalidParameterValue' });
    await client.send(new VerifyDomainIdentityCommand({ Domain: 'example.com' }));
    await client.send(mailFrom);
    await client.send(
      new SetIdentityFeedbackForwardingEnabledCommand({ Identity: 'example.com', ForwardingEnabled: false }),
    );
    expect(await client.send(new GetIdentityMailFromDomainAttributesCommand(DOMAIN))).toMatchObject({
      MailFromDomainAttributes: {
        'example.com': {
          MailFromDomain: 'm.example.com',
          MailFromDomainStatus: 'Success',
          BehaviorOnMXFailure: 'UseDefaultValue',
        },
      },
    });
    expect(await client.send(new GetIdentityNotificationAttributesCommand(DOMAIN))).toMatchObject({
      NotificationAttributes: { 'example.com': { ForwardingEnabled: false } },
    });
  });

  it('lists identities by page and kind, and deletes them', async () => {
    const { endpoint } = await useSes();
    const client = sdk(endpoint);
    await client.send(new VerifyDomainIdentityCommand({ Domain: 'one.example' }));
    await client.send(new VerifyEmailIdentityCommand({ EmailAddress: 'me@two.example' }));
    await client.send(new VerifyDomainIdentityCommand({ Domain: 'three.example' }));
    const { Identities, NextToken } = await client.send(new ListIdentitiesCommand({ MaxItems: 2 }));
    const rest = await client.send(new ListIdentitiesCommand({ MaxItems: 2, NextToken }));
    expect([Identities, rest.Identities]).toEqual([['one.example', 'me@two.example'], ['three.example']]);
    await client.send(new DeleteIdentityCommand({ Identity: 'one.example' }));
    const domains = await client.send(new ListIdentitiesCommand({ IdentityType: 'Domain' }));
    expect(domains.Identities).toEqual(['three.example']);
  });

  it('refuses an action that it does not know', async () => {
    const { endpoint } = await useSes();
    const answer = await fetch(endpoint, {
      method: 'POST',
      headers: { authorization: 'AWS4-HMAC-SHA256 Credential=AKIATEST/20270101/us-east-1/ses/aws4_request' },
      body: 'Action=toString',
    });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('<Code>InvalidAction</Code>');
  });
});
