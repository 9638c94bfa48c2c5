import {
  CreateConfigurationSetCommand,
  CreateConfigurationSetEventDestinationCommand,
  DeleteConfigurationSetCommand,
  DeleteConfigurationSetEventDestinationCommand,
  DescribeConfigurationSetCommand,
  type EventType,
  ListConfigurationSetsCommand,
  SendEmailCommand,
  SendRawEmailCommand,
  UpdateConfigurationSetEventDestinationCommand,
} from '@aws-sdk/client-ses';
import { CreateTopicCommand } from '@aws-sdk/client-sns';
import { describe, expect, it } from 'vitest';
import { failureOf, sdk, useSes } from './ses-client.js';
import { arnOf, sesPolicy, snsSdk } from './sns-client.js';

async function withTopic() {
  const { endpoint, control } = await useSes();
  const attributes = { Policy: sesPolicy(arnOf('events')) };
  await snsSdk(endpoint).send(new CreateTopicCommand({ Name: 'events', Attributes: attributes }));
  return { endpoint, control, client: sdk(endpoint) };
}

function destination(types: EventType[] = ['bounce', 'complaint'], topic = arnOf('events'), Name = 'hub') {
  const EventDestination = { Name, Enabled: true, MatchingEventTypes: types, SNSDestination: { TopicARN: topic } };
  return { ConfigurationSetName: 'main', EventDestination };
}

const create = new CreateConfigurationSetCommand({ ConfigurationSet: { Name: 'main' } });
const describeIt = new DescribeConfigurationSetCommand({
  ConfigurationSetName: 'main',
  ConfigurationSetAttributeNames: ['eventDestinations'],
});

describe('configuration sets of the local SES', () => {
  it('makes, shows, changes and deletes a set and its event destination', async () => {
    const { client } = await withTopic();
    await client.send(create);
    expect(await client.send(describeIt)).toMatchObject({ ConfigurationSet: { Name: 'main' }, EventDestinations: [] });
    await client.send(new CreateConfigurationSetEventDestinationCommand(destination()));
    expect((await client.send(describeIt)).EventDestinations).toEqual([destination().EventDestination]);
    await client.send(new UpdateConfigurationSetEventDestinationCommand(destination(['send', 'renderingFailure'])));
    expect((await client.send(describeIt)).EventDestinations?.[0]?.MatchingEventTypes).toEqual([
      'send',
      'renderingFailure',
    ]);
    const named = { ConfigurationSetName: 'main', EventDestinationName: 'hub' };
    await client.send(new DeleteConfigurationSetEventDestinationCommand(named));
    expect((await client.send(describeIt)).EventDestinations).toEqual([]);
    await client.send(new DeleteConfigurationSetCommand({ ConfigurationSetName: 'main' }));
    expect((await client.send(new ListConfigurationSetsCommand({}))).ConfigurationSets).toEqual([]);
  });

  it('lists an account its own sets, page by page', async () => {
    const { endpoint, client } = await withTopic();
    for (const Name of ['b', 'c', 'a']) {
      await client.send(new CreateConfigurationSetCommand({ ConfigurationSet: { Name } }));
    }
    const first = await client.send(new ListConfigurationSetsCommand({ MaxItems: 2 }));
    expect(first.ConfigurationSets?.map(({ Name }) => Name)).toEqual(['a', 'b']);
    const second = await client.send(new ListConfigurationSetsCommand({ MaxItems: 2, NextToken: first.NextToken }));
    expect(second).toMatchObject({ ConfigurationSets: [{ Name: 'c' }] });
    expect(second.NextToken).toBeUndefined();
    const others = await sdk(endpoint, 'AKIAOTHER').send(new ListConfigurationSetsCommand({}));
    expect(others.ConfigurationSets).toEqual([]);
  });

  it('names what is there twice and what is not there as AWS does', async () => {
    const { client } = await withTopic();
    const nameOf = async (call: Promise<unknown>) => (await failureOf(call)).name;
    const add = new CreateConfigurationSetEventDestinationCommand(destination());
    const update = new UpdateConfigurationSetEventDestinationCommand(destination());
    expect(await nameOf(client.send(describeIt))).toBe('ConfigurationSetDoesNotExistException');
    expect(await nameOf(client.send(add))).toBe('ConfigurationSetDoesNotExistException');
    await client.send(create);
    expect(await nameOf(client.send(create))).toBe('ConfigurationSetAlreadyExistsException');
    expect(await nameOf(client.send(update))).toBe('EventDestinationDoesNotExistException');
    await client.send(add);
    expect(await nameOf(client.send(add))).toBe('EventDestinationAlreadyExistsException');
    const wrongName = new CreateConfigurationSetCommand({ ConfigurationSet: { Name: 'two words' } });
    expect(await nameOf(client.send(wrongName))).toBe('InvalidConfigurationSetException');
  });

  it('refuses a topic that is not there, and one whose policy does not let SES publish', async () => {
    const { endpoint, client } = await withTopic();
    await client.send(create);
    const sns = snsSdk(endpoint);
    await sns.send(new CreateTopicCommand({ Name: 'closed' }));
    const ofAnother = sesPolicy(arnOf('foreign'), 'AKIAOTHER');
    await sns.send(new CreateTopicCommand({ Name: 'foreign', Attributes: { Policy: ofAnother } }));
    for (const name of ['missing', 'closed', 'foreign']) {
      const call = new CreateConfigurationSetEventDestinationCommand(destination(['bounce'], arnOf(name)));
      expect(await failureOf(client.send(call))).toMatchObject({ name: 'InvalidSNSDestinationException' });
    }
    expect((await client.send(describeIt)).EventDestinations).toEqual([]);
  });

  it.each(['parameter', 'header'])('refuses a send whose %s names a set that is not there', async (where) => {
    const { control, client } = await withTopic();
    const head = ['From: sender@example.com', 'To: a@example.net', 'Subject: Hello'];
    if (where === 'header') head.push('X-Ses-Configuration-Set: main');
    const send = new SendRawEmailCommand({
      RawMessage: { Data: Buffer.from(`${head.join('\r\n')}\r\n\r\n${'x'.repeat(10_000)}`) },
      ...(where === 'parameter' && { ConfigurationSetName: 'main' }),
    });
    expect(await failureOf(client.send(send))).toEqual({
      name: 'ConfigurationSetDoesNotExistException',
      message: 'Configuration set <main> does not exist.',
    });
    expect(await control.totals()).toMatchObject({ accepted: 0 });
    await client.send(create);
    await client.send(send);
    expect(await control.totals()).toMatchObject({ accepted: 1 });
  });

  it('refuses a SendEmail with a set that is not there', async () => {
    const { client } = await withTopic();
    const send = new SendEmailCommand({
      Source: 'sender@example.com',
      Destination: { ToAddresses: ['a@example.net'] },
      Message: { Subject: { Data: 'Hello' }, Body: { Text: { Data: 'Hello' } } },
      ConfigurationSetName: 'other',
    });
    expect(await failureOf(client.send(send))).toMatchObject({ name: 'ConfigurationSetDoesNotExistException' });
  });
});
