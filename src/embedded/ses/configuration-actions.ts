import type { Account } from './accounts.js';
import type { Action, Around } from './action.js';
import { type EventDestination, parseEventType } from './configuration-sets.js';
import { invalidParameter, SesError } from './errors.js';
import { required } from './parameters.js';
import { element, memberList, type QueryRequest, structureList } from './query-protocol.js';
import { allowsSesToPublish } from './sns/topic-policy.js';

/** What SES publishes to a topic, to try it, when a destination is made of it. It is no JSON. */
const VALIDATION = 'Successfully validated SNS topic for Amazon SES event publishing.';

/** The actions of SES v1 about configuration sets and their event destinations. */
export const CONFIGURATION_ACTIONS: Readonly<Record<string, Action>> = {
  CreateConfigurationSet: ({ configurationSets }, request) => {
    configurationSets.create(required(request, 'ConfigurationSet.Name'));
    return '';
  },

  DescribeConfigurationSet: ({ configurationSets }, request) => {
    const name = required(request, 'ConfigurationSetName');
    const destinations = configurationSets.destinations(name);
    const isAsked = request.list('ConfigurationSetAttributeNames').includes('eventDestinations');
    return (
      `<ConfigurationSet>${element('Name', name)}</ConfigurationSet>` +
      (isAsked ? structureList('EventDestinations', destinations.map(presentDestination)) : '')
    );
  },

  ListConfigurationSets: ({ configurationSets }, request) => {
    const names = configurationSets.names();
    const start = Number(request.get('NextToken') ?? 0);
    const end = start + Number(request.get('MaxItems') ?? 100);
    const items = names.slice(start, end).map((name) => element('Name', name));
    return structureList('ConfigurationSets', items) + (end < names.length ? element('NextToken', end) : '');
  },

  DeleteConfigurationSet: ({ configurationSets }, request) => {
    configurationSets.delete(required(request, 'ConfigurationSetName'));
    return '';
  },

  CreateConfigurationSetEventDestination: (account, request, around) => {
    const set = required(request, 'ConfigurationSetName');
    const destination = readDestination(request);
    account.configurationSets.destinations(set);
    const validate = checkTopic(account, set, destination, around);
    account.configurationSets.add(set, destination);
    validate();
    return '';
  },

  UpdateConfigurationSetEventDestination: (account, request, around) => {
    const set = required(request, 'ConfigurationSetName');
    const destination = readDestination(request);
    account.configurationSets.destinations(set);
    const validate = checkTopic(account, set, destination, around);
    account.configurationSets.replace(set, destination);
    validate();
    return '';
  },

  DeleteConfigurationSetEventDestination: ({ configurationSets }, request) => {
    configurationSets.remove(required(request, 'ConfigurationSetName'), required(request, 'EventDestinationName'));
    return '';
  },
};

function readDestination(request: QueryRequest): EventDestination {
  const topicArn = request.get('EventDestination.SNSDestination.TopicARN');
  if (!topicArn) throw invalidParameter('This SES knows event destinations of SNS topics only.');
  const types = request.list('EventDestination.MatchingEventTypes').map(parseEventType);
  if (types.length === 0) throw invalidParameter('An event destination needs at least one matching event type.');
  return {
    name: required(request, 'EventDestination.Name'),
    isEnabled: request.get('EventDestination.Enabled') === 'true',
    types,
    topicArn,
  };
}

/**
 * Answers what publishes the validation, which is done once the destination is there.
 * @throws SesError InvalidSNSDestination where SES cannot publish to the topic
 */
function checkTopic(account: Account, set: string, destination: EventDestination, { state, region }: Around) {
  const { name, topicArn } = destination;
  const invalid = (message: string) =>
    new SesError('InvalidSNSDestination', message, 400, { ConfigurationSetName: set, EventDestinationName: name });
  const topic = state.sns.topics.find(topicArn);
  if (!topic) throw invalid(`SNS topic <${topicArn}> not found.`);
  const sourceArn = `arn:aws:ses:${region}:${account.accountId}:configuration-set/${set}`;
  if (!allowsSesToPublish(topic, { accountId: account.accountId, sourceArn })) {
    throw invalid(`Could not publish to SNS topic <${topicArn}>.`);
  }
  return () => state.sns.publish(topic, { message: VALIDATION });
}

function presentDestination({ name, isEnabled, types, topicArn }: EventDestination): string {
  return (
    element('Name', name) +
    element('Enabled', isEnabled) +
    memberList('MatchingEventTypes', types) +
    `<SNSDestination>${element('TopicARN', topicArn)}</SNSDestination>`
  );
}
