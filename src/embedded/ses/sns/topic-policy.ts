import { z } from 'zod';
import { invalid } from './errors.js';
import type { Topic } from './topics.js';

const Texts = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());
const Statement = z.looseObject({
  Effect: z.enum(['Allow', 'Deny']),
  Principal: z.union([z.literal('*'), z.record(z.string(), Texts)]),
  Action: Texts,
  Resource: Texts,
  Condition: z.record(z.string(), z.record(z.string(), Texts)).default({}),
});
const Policy = z.looseObject({ Statement: z.union([z.array(Statement), Statement.transform((one) => [one])]) });
type Statement = z.output<typeof Statement>;

/** Who publishes, as the conditions of a policy ask it. */
export interface Source {
  accountId: string;
  /** The configuration set. */
  sourceArn: string;
}

/** @throws SesError InvalidParameter for what is no policy */
export function checkPolicy(text: string): void {
  if (!parse(text)) throw invalid('Policy Error: null');
}

/** What a topic has that was given no policy: its owner may do everything. */
export function defaultPolicy({ arn, accountId }: Topic): string {
  return JSON.stringify({
    Version: '2008-10-17',
    Id: '__default_policy_ID',
    Statement: [
      {
        Sid: '__default_statement_ID',
        Effect: 'Allow',
        Principal: { AWS: '*' },
        Action: ['SNS:GetTopicAttributes', 'SNS:SetTopicAttributes', 'SNS:DeleteTopic', 'SNS:Subscribe', 'SNS:Publish'],
        Resource: arn,
        Condition: { StringEquals: { 'AWS:SourceOwner': accountId } },
      },
    ],
  });
}

/**
 * Whether the topic's policy lets SES publish (SES Developer Guide, "Set up an Amazon SNS event destination for event
 * publishing"). A condition that is not known here is not met.
 */
export function allowsSesToPublish(topic: Topic, source: Source): boolean {
  const statements = parse(topic.attributes.get('Policy') ?? defaultPolicy(topic)) ?? [];
  const applying = statements.filter((statement) => applies(statement, topic, source));
  return applying.length > 0 && applying.every(({ Effect }) => Effect === 'Allow');
}

function parse(text: string): Statement[] | undefined {
  try {
    return Policy.parse(JSON.parse(text)).Statement;
  } catch {
    return undefined;
  }
}

function applies({ Principal, Action, Resource, Condition }: Statement, topic: Topic, source: Source): boolean {
  const isSes = Principal === '*' || ['ses.amazonaws.com', '*'].some((one) => Principal.Service?.includes(one));
  return (
    isSes &&
    Action.some((action) => matches('sns:publish', action.toLowerCase())) &&
    Resource.some((resource) => matches(topic.arn, resource)) &&
    Object.entries(Condition).every(([operator, keys]) => isMet(operator, keys, source))
  );
}

function isMet(operator: string, keys: Record<string, string[]>, { accountId, sourceArn }: Source): boolean {
  const known: Record<string, string> = { 'aws:sourceaccount': accountId, 'aws:sourcearn': sourceArn };
  return Object.entries(keys).every(([key, values]) => {
    const actual = known[key.toLowerCase()];
    if (actual === undefined) return false;
    if (operator === 'StringEquals') return values.includes(actual);
    return ['StringLike', 'ArnLike', 'ArnEquals'].includes(operator) && values.some((value) => matches(actual, value));
  });
}

/** `*` stands for any text, `?` for any character. */
function matches(text: string, pattern: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}
