import { z } from 'zod';
import { operation } from './operation.js';

/** How the events of a business come in. */
export interface EventsSetup {
  /** Secret: whoever has it can only send what Amazon signed for the topic, and yet it is nobody else's business. */
  url: string | null;
  topicArn: string | null;
  configurationSet: string | null;
  confirmedAt: Date | null;
  lastEventAt: Date | null;
}

const EventsSetupView = z
  .object({
    state: z.enum(['none', 'pending', 'confirmed']).meta({
      description: '`pending`: SNS has not confirmed the subscription of the URL yet',
    }),
    url: z.string().nullable().meta({
      description:
        'The business’s own inbound URL, for the subscription of its topic. Secret: it is not shown to API keys',
    }),
    topicArn: z.string().nullable().meta({ description: 'The one topic whose messages are believed' }),
    configurationSet: z
      .string()
      .nullable()
      .meta({ description: 'Messages are sent with it, so that SES tells of them' }),
    confirmedAt: z.iso.datetime().nullable(),
    lastEventAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'EventsSetup' });

const answer = { eventsSetup: EventsSetupView };

export const GetEventsSetup = operation({ summary: 'How the events of SES come in', answer });

export const SetUpEvents = operation({
  summary: 'Have SES tell what becomes of the mail',
  description: [
    'Makes an SNS topic with its policy and delivery policy, a configuration set with its event destination, and the',
    'subscription of the inbound URL, in the AWS account of the business. Any number of times: what is there stays. What the',
    'keys may not do is a 422 `validation_failed` with the IAM statement to add in `missingStatement`. SNS confirms within',
    'seconds; `state` says so.',
  ].join('\n'),
  answer,
});

export const RotateInboundUrl = operation({
  summary: 'Replace the inbound URL',
  description: 'The topic is subscribed anew; what comes to the URL before is taken for another day.',
  answer,
});

export const AdoptEventsSetup = operation({
  summary: 'Name a topic and configuration set that were made by hand',
  description: 'Then subscribe the `url` of the answer to the topic, without raw message delivery.',
  body: z.strictObject({
    topicArn: z
      .string()
      .max(300)
      .regex(/^arn:aws(-[a-z]+)*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/, 'must be the ARN of a standard SNS topic')
      .meta({ example: 'arn:aws:sns:eu-west-1:123456789012:hub-events' }),
    configurationSet: z
      .string()
      .regex(/^[\w-]{1,64}$/, 'must be letters, digits, - and _, at most 64')
      .optional(),
  }),
  answer,
});

/** @param isUser whether a person asks: API keys do not get to see the URL. */
export function presentEventsSetup(setup: EventsSetup, isUser: boolean): z.output<typeof EventsSetupView> {
  const { url, topicArn, configurationSet, confirmedAt, lastEventAt } = setup;
  return {
    state: confirmedAt ? 'confirmed' : topicArn ? 'pending' : 'none',
    url: isUser ? url : null,
    topicArn,
    configurationSet,
    confirmedAt: confirmedAt?.toISOString() ?? null,
    lastEventAt: lastEventAt?.toISOString() ?? null,
  };
}
