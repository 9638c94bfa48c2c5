import { z } from 'zod';
import type { EventWiring } from '../models/business.js';
import { operation, Timestamp } from './operation.js';

const EventsSetupView = z
  .object({
    status: z.enum(['none', 'pending', 'confirmed']).meta({
      description:
        '`pending` until SNS’s subscription of the present URL is confirmed, which the hub does when SNS asks',
    }),
    inboundUrl: z.string().nullable().meta({ description: 'Where SNS posts to: a secret. Never shown to an API key' }),
    topicArn: z.string().nullable(),
    configurationSet: z.string().nullable(),
    byHand: z.boolean().meta({ description: 'A person made topic and configuration set' }),
    confirmedAt: Timestamp.nullable(),
    lastEventAt: Timestamp.nullable().meta({ description: 'When the last event came in' }),
  })
  .meta({ id: 'EventsSetup', description: 'How SES tells what became of the mail' });

const answer = { eventsSetup: EventsSetupView };

export const GetEventsSetup = operation({ summary: 'How events come back from SES', answer });

export const SetUpEvents = operation({
  summary: 'Have events come back from SES',
  description:
    'Makes the configuration set, the SNS topic with its policy, the subscription and the event destination in the SES account; what is there is taken, and it may be repeated. What the account’s keys may not do is a 422 with `missingPermission`, the statement that their IAM policy lacks. Not for API keys.',
  idempotent: true,
  answer,
});

export const RotateEventsUrl = operation({
  summary: 'Replace the inbound URL',
  description: 'The earlier one is taken for a day. What was wired by hand is subscribed by hand. Not for API keys.',
  idempotent: true,
  answer,
});

export const StoreEventsSetup = operation({
  summary: 'Name the topic and the configuration set that were made by hand',
  description:
    'Subscribe the topic to the `inboundUrl` that comes back: the confirmation is believed only for this topic. Messages are sent with the configuration set from now on, so it must be there. Not for API keys.',
  body: z.strictObject({
    topicArn: z
      .string()
      .regex(/^arn:aws(-[a-z]+)*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/, 'must be the ARN of an SNS topic')
      .meta({ example: 'arn:aws:sns:eu-west-1:123456789012:ses-events' }),
    configurationSet: z
      .string()
      .regex(/^[\w-]{1,64}$/, 'must be the name of a configuration set: letters, digits, _ and -')
      .meta({ example: 'whisky-events' }),
  }),
  answer,
});

/** The wiring for its reader, with the URL where he may see it. */
export function presentEventsSetup(
  wiring: EventWiring | undefined,
  isConfirmed: boolean,
  inboundUrl: string | undefined,
): z.output<typeof EventsSetupView> {
  const iso = (date: Date | null | undefined) => date?.toISOString() ?? null;
  return {
    status: !wiring ? 'none' : isConfirmed ? 'confirmed' : 'pending',
    inboundUrl: inboundUrl ?? null,
    topicArn: wiring?.topicArn ?? null,
    configurationSet: wiring?.configurationSet ?? null,
    byHand: wiring?.isByHand ?? false,
    confirmedAt: iso(wiring?.confirmedAt),
    lastEventAt: iso(wiring?.lastEventAt),
  };
}
