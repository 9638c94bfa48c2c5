import {
  CreateConfigurationSetEventDestinationCommand,
  DeleteConfigurationSetEventDestinationCommand,
  SendEmailCommand,
  SendRawEmailCommand,
  UpdateConfigurationSetEventDestinationCommand,
} from '@aws-sdk/client-ses';
import { SetTopicAttributesCommand } from '@aws-sdk/client-sns';
import { describe, expect, it } from 'vitest';
import { accountIdOf } from '../../src/embedded/ses/caller.js';
import type { EventType } from '../../src/embedded/ses/configuration-sets.js';
import type { SesSettings } from '../../src/embedded/ses/state.js';
import { until } from '../support/until.js';
import { sdk, useSes } from './ses-client.js';
import { configurationSet, type Endpoint, endpoint, snsSdk, subscribedTopic } from './sns-client.js';

const VALIDATION = 'Successfully validated SNS topic for Amazon SES event publishing.';

/** A local SES whose set "main" publishes to an endpoint. */
async function wired(types?: readonly EventType[], settings: SesSettings = {}) {
  // One at a time, so that they come in the order in which they are published.
  const { endpoint: ses, control } = await useSes({ account: { snsConcurrency: 1 }, ...settings });
  const target = await endpoint();
  const topicArn = await subscribedTopic(ses, target);
  await configurationSet(ses, 'main', topicArn, types);
  return { ses, control, target, topicArn, client: sdk(ses) };
}

function message(to: string[], ConfigurationSetName: string | undefined = 'main') {
  return new SendRawEmailCommand({
    Source: 'sender@example.com',
    Destinations: to,
    ConfigurationSetName,
    Tags: [
      { Name: 'pmh_delivery', Value: 'd1' },
      { Name: 'pmh_attempt', Value: '2' },
    ],
    RawMessage: {
      Data: Buffer.from(
        `From: "The Sender" <sender@example.com>\r\nTo: ${to.join(', ')}\r\nSubject: Hello\r\n\r\nHello\r\n`,
      ),
    },
  });
}

/** The events that came, in the order in which they did, without the validation of the topic. */
async function untilEvents({ untilPosted }: Endpoint, count: number) {
  const notifications = await untilPosted(count + 1);
  return notifications.flatMap(({ envelope }) => {
    if (envelope.Message === VALIDATION) return [];
    expect(envelope.Subject).toBe('Amazon SES Email Event Notification');
    return [JSON.parse(envelope.Message ?? '')];
  });
}

describe('events of the local SES', () => {
  it('begin with the validation of the topic, which is no JSON', async () => {
    const { target } = await wired();
    const [validation] = await target.untilPosted(1);
    expect(validation?.envelope.Message).toBe(VALIDATION);
  });

  it('say what SES says of the message', async () => {
    const { target, client } = await wired();
    const { MessageId } = await client.send(message(['success@simulator.amazonses.com']));
    const events = await untilEvents(target, 2);
    expect(events.map(({ eventType }) => eventType)).toEqual(['Send', 'Delivery']);
    const [sent, delivered] = events;
    expect(sent.send).toEqual({});
    expect(delivered.mail).toEqual(sent.mail);
    expect(sent.mail).toMatchObject({
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      source: '"The Sender" <sender@example.com>',
      sourceArn: `arn:aws:ses:us-east-1:${accountIdOf('AKIATEST')}:identity/example.com`,
      sendingAccountId: accountIdOf('AKIATEST'),
      messageId: MessageId,
      destination: ['success@simulator.amazonses.com'],
      headersTruncated: false,
      headers: [
        { name: 'From', value: '"The Sender" <sender@example.com>' },
        { name: 'To', value: 'success@simulator.amazonses.com' },
        { name: 'Subject', value: 'Hello' },
      ],
      commonHeaders: {
        from: ['"The Sender" <sender@example.com>'],
        to: ['success@simulator.amazonses.com'],
        messageId: MessageId,
        subject: 'Hello',
      },
      tags: {
        'ses:operation': ['SendRawEmail'],
        'ses:configuration-set': ['main'],
        'ses:from-domain': ['example.com'],
        'ses:caller-identity': ['AKIATEST'],
        pmh_delivery: ['d1'],
        pmh_attempt: ['2'],
      },
    });
    expect(delivered.delivery).toMatchObject({
      timestamp: expect.any(String),
      processingTimeMillis: expect.any(Number),
      recipients: ['success@simulator.amazonses.com'],
      smtpResponse: '250 2.6.0 Message received',
    });
  });

  it.each<[string, object[]]>([
    ['anybody@example.net', [{ eventType: 'Delivery' }]],
    ['success+label@simulator.amazonses.com', [{ eventType: 'Delivery' }]],
    [
      'bounce+a+b@simulator.amazonses.com',
      [{ eventType: 'Bounce', bounce: { bounceType: 'Permanent', bounceSubType: 'General' } }],
    ],
    [
      'OOTO@simulator.amazonses.com',
      [
        { eventType: 'Delivery' },
        { eventType: 'Bounce', bounce: { bounceType: 'Transient', bounceSubType: 'General' } },
      ],
    ],
    [
      'complaint@simulator.amazonses.com',
      [
        { eventType: 'Delivery' },
        { eventType: 'Complaint', complaint: { complaintSubType: null, complaintFeedbackType: 'abuse' } },
      ],
    ],
    [
      'suppressionlist@simulator.amazonses.com',
      [{ eventType: 'Bounce', bounce: { bounceType: 'Permanent', bounceSubType: 'Suppressed' } }],
    ],
  ])('say of %s what the mailbox simulator says', async (address, outcomes) => {
    const { target, client } = await wired();
    await client.send(message([address]));
    const events = await untilEvents(target, 1 + outcomes.length);
    expect(events).toMatchObject([{ eventType: 'Send' }, ...outcomes]);
    const { bounce, complaint } = events.at(-1);
    const recipients = bounce?.bouncedRecipients ?? complaint?.complainedRecipients;
    if (recipients) expect(recipients).toMatchObject([{ emailAddress: address }]);
    if (bounce?.bounceType === 'Permanent') {
      expect(recipients).toMatchObject([{ action: 'failed', status: '5.1.1', diagnosticCode: expect.any(String) }]);
    }
  });

  it('say of an address on the account’s own list that it is on it, by its reason', async () => {
    const { target, client, control, ses } = await wired();
    for (const [address, reason] of [
      ['gone@example.net', 'BOUNCE'],
      ['angry@example.net', 'COMPLAINT'],
    ] as const) {
      await fetch(new URL('/v2/email/suppression/addresses', ses), {
        method: 'PUT',
        headers: { authorization: 'AWS4-HMAC-SHA256 Credential=AKIATEST/20260101/us-east-1/ses/aws4_request' },
        body: JSON.stringify({ EmailAddress: address, Reason: reason }),
      });
    }
    await client.send(message(['gone@example.net']));
    expect(await untilEvents(target, 2)).toMatchObject([
      { eventType: 'Send' },
      { eventType: 'Bounce', bounce: { bounceType: 'Permanent', bounceSubType: 'OnAccountSuppressionList' } },
    ]);
    await client.send(message(['angry@example.net']));
    expect((await untilEvents(target, 4)).at(-1)).toMatchObject({
      eventType: 'Complaint',
      complaint: { complaintSubType: 'OnAccountSuppressionList' },
    });
    await control.changeAccount('AKIATEST', { suppressedReasons: ['COMPLAINT'] });
    await client.send(message(['gone@example.net']));
    expect((await untilEvents(target, 6)).at(-1)).toMatchObject({ eventType: 'Delivery' });
  });

  it('tell of each recipient of a message', async () => {
    const { target, client } = await wired(['send', 'delivery', 'bounce']);
    await client.send(message(['a@example.net', 'bounce@simulator.amazonses.com', 'ooto@simulator.amazonses.com']));
    const events = await untilEvents(target, 5);
    const kinds = events.map(({ eventType, delivery, bounce }) => [
      eventType,
      delivery?.recipients[0] ?? bounce?.bouncedRecipients[0].emailAddress,
    ]);
    expect(kinds[0]).toEqual(['Send', undefined]);
    expect(kinds.slice(1, 4)).toEqual(
      expect.arrayContaining([
        ['Delivery', 'a@example.net'],
        ['Bounce', 'bounce@simulator.amazonses.com'],
        ['Delivery', 'ooto@simulator.amazonses.com'],
      ]),
    );
    expect(kinds[4]).toEqual(['Bounce', 'ooto@simulator.amazonses.com']);
  });

  it('come of a SendEmail too, and of a set that a header names', async () => {
    const { target, client } = await wired(['send']);
    await client.send(
      new SendEmailCommand({
        Source: 'sender@example.com',
        Destination: { ToAddresses: ['a@example.net'] },
        Message: { Subject: { Data: 'Simple' }, Body: { Text: { Data: 'Hello' } } },
        ConfigurationSetName: 'main',
      }),
    );
    const head = 'From: sender@example.com\r\nTo: b@example.net\r\nX-SES-CONFIGURATION-SET: main\r\nSubject: Raw';
    await client.send(new SendRawEmailCommand({ RawMessage: { Data: Buffer.from(`${head}\r\n\r\nHello`) } }));
    const subjects = (await untilEvents(target, 2)).map(({ mail }) => mail.commonHeaders.subject);
    expect(subjects.sort()).toEqual(['Raw', 'Simple']);
  });

  it('come for the kinds that a destination asks for, while it is there and enabled', async () => {
    const { target, client, control, topicArn } = await wired(['bounce']);
    const EventDestination = {
      Name: 'hub',
      Enabled: false,
      MatchingEventTypes: ['bounce' as const],
      SNSDestination: { TopicARN: topicArn },
    };
    const named = { ConfigurationSetName: 'main', EventDestination };
    const bounce = message(['bounce@simulator.amazonses.com']);
    const untilQuiet = () => until(async () => (await control.events()).pending === 0);
    await client.send(bounce);
    await untilEvents(target, 1);
    await client.send(new UpdateConfigurationSetEventDestinationCommand(named));
    await client.send(bounce);
    await untilQuiet();
    const deletion = { ConfigurationSetName: 'main', EventDestinationName: 'hub' };
    await client.send(new DeleteConfigurationSetEventDestinationCommand(deletion));
    await client.send(bounce);
    await client.send(message(['bounce@simulator.amazonses.com'], ''));
    await untilQuiet();
    expect(await control.events()).toMatchObject({ published: 1, notAllowed: 0 });
    EventDestination.Enabled = true;
    await client.send(new CreateConfigurationSetEventDestinationCommand(named));
    await client.send(bounce);
    await until(async () => (await control.events()).published === 2);
  });

  it('do not come where the topic no longer lets SES publish, and are counted', async () => {
    const { ses, client, control, topicArn } = await wired(['send']);
    await snsSdk(ses).send(
      new SetTopicAttributesCommand({ TopicArn: topicArn, AttributeName: 'Policy', AttributeValue: '' }),
    );
    await client.send(message(['a@example.net']));
    await until(async () => (await control.events()).notAllowed === 1);
    expect(await control.events()).toMatchObject({ published: 0 });
  });

  it('wait as long as the account says, and do not come by themselves where it says so', async () => {
    const { target, client, control } = await wired();
    await control.changeAccount('AKIATEST', { outcomeDelayMs: null });
    const silent = await client.send(message(['a@example.net']));
    await control.changeAccount('AKIATEST', { outcomeDelayMs: 60 });
    const calledAt = performance.now();
    const slow = await client.send(message(['complaint@simulator.amazonses.com']));
    const events = await untilEvents(target, 3);
    expect(performance.now() - calledAt).toBeGreaterThan(3 * 60 - 5);
    expect(events.map(({ eventType }) => eventType)).toEqual(['Send', 'Delivery', 'Complaint']);
    expect(new Set(events.map(({ mail }) => mail.messageId))).toEqual(new Set([slow.MessageId]));
    expect(silent.MessageId).not.toBe(slow.MessageId);
  });

  it('are of messages that are accepted: of a lost answer, not of a refusal', async () => {
    const { target, client, control } = await wired(['send']);
    await control.fail({ kind: 'reject', next: 1 });
    await expect(client.send(message(['refused@example.net']))).rejects.toThrow();
    await control.fail({ kind: 'accept-then-drop', next: 1 });
    await expect(client.send(message(['lost@example.net']))).rejects.toThrow();
    expect((await untilEvents(target, 1))[0].mail.destination).toEqual(['lost@example.net']);
  });

  it('are dropped where too many are to come, and counted', async () => {
    const { client, control } = await wired(['send'], { maxNotifications: 1 });
    await control.changeAccount('AKIATEST', { outcomeDelayMs: 60_000 });
    await client.send(message(['a@example.net']));
    await client.send(message(['b@example.net']));
    expect(await control.events()).toMatchObject({ pending: 1, dropped: 1 });
    await control.reset();
    expect(await control.events()).toMatchObject({ pending: 0, dropped: 0 });
  });

  it('can be made of an accepted message, of kinds that SES may yet think of', async () => {
    const { target, client, control, topicArn } = await wired(['reject']);
    const { MessageId = '' } = await client.send(message(['a@example.net']));
    const mail = await control.mail(MessageId);
    expect(mail).toMatchObject({
      messageId: MessageId,
      sendingAccountId: accountIdOf('AKIATEST'),
      destination: ['a@example.net'],
      tags: { pmh_delivery: ['d1'], pmh_attempt: ['2'] },
    });
    await control.publish({ topicArn, message: { eventType: 'Teleported', mail } });
    const last = (await target.untilPosted(2)).find(({ envelope }) => envelope.Message !== VALIDATION);
    expect(JSON.parse(last?.envelope.Message ?? '')).toEqual({ eventType: 'Teleported', mail });
    await expect(control.mail('nothing')).rejects.toThrow(/404/);
  });
});
