import { z } from 'zod';
import { EVENT_TYPES } from '../models/event.js';
import { ATTEMPT_CAUSES, ATTEMPT_ERRORS, ATTEMPT_STATUSES, type WebhookAttempt } from '../models/webhook-attempt.js';
import { DISABLED_REASONS, TEST_TYPE, type WebhookEndpoint } from '../models/webhook-endpoint.js';
import { line } from './common.js';
import { ById, Id, operation, PageQuery, Pagination, Timestamp } from './operation.js';

/** `http` only for the targets of WEBHOOK_ALLOWED_TARGETS; the service looks where it leads. */
export const WebhookUrl = z
  .url({ protocol: /^https?$/, error: 'must be an https URL' })
  .max(2_000)
  .meta({ format: 'uri', example: 'https://whisky.example/hooks/mail' });

const Types = z
  .array(z.enum(EVENT_TYPES))
  .max(100)
  .transform((all) => [...new Set(all)])
  .meta({ description: 'Which events it gets; an empty list is all of them, also those that are to come' });

const ReplayView = z
  .object({
    from: Timestamp,
    to: Timestamp,
    types: z.array(z.enum(EVENT_TYPES)).meta({ description: 'Empty: those of the endpoint' }),
    status: z.enum(['running', 'done']),
    queued: z.int().meta({ description: 'Events that were queued so far' }),
    startedAt: Timestamp,
    finishedAt: Timestamp.nullable(),
  })
  .meta({ id: 'WebhookReplay' });

const WebhookView = z
  .object({
    id: Id,
    name: z.string().meta({ description: 'The one named `default` is `settings.webhookUrl` of the business' }),
    description: z.string().nullable(),
    url: z.string(),
    types: z.array(z.enum(EVENT_TYPES)).meta({ description: 'Empty: all' }),
    isActive: z.boolean(),
    disabled: z
      .object({ reason: z.enum(DISABLED_REASONS), at: Timestamp })
      .nullable()
      .meta({ description: 'Switched off by the hub: it answered 410 (`gone`), or failed for five days (`failing`)' }),
    previousSecretUntil: Timestamp.nullable().meta({
      description: 'Until then messages have a second signature, by the secret before the rotation',
    }),
    health: z.object({
      waiting: z.int().meta({ description: 'Events that are still to be delivered, up to 10,000' }),
      failingSince: Timestamp.nullable().meta({ description: 'The first failure since the last success' }),
      lastSuccessAt: Timestamp.nullable().meta({ description: 'To the minute' }),
      lastFailureAt: Timestamp.nullable(),
      lastFailure: z.string().nullable().meta({ description: 'For a person' }),
    }),
    replay: ReplayView.nullable().meta({ description: 'The last one' }),
    createdAt: Timestamp,
  })
  .meta({ id: 'Webhook' });

const NewWebhook = WebhookView.extend({
  secret: z.string().meta({
    description: 'What signs the messages: shown here and never again',
    example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  }),
}).meta({ id: 'NewWebhook' });

const AttemptView = z
  .object({
    id: Id,
    eventId: Id.meta({ description: 'The `webhook-id` of the message' }),
    type: z.enum([...EVENT_TYPES, TEST_TYPE]),
    url: z.string(),
    cause: z.enum(ATTEMPT_CAUSES),
    number: z.int().meta({ description: 'Which try it was since the event was queued, from 1' }),
    status: z.enum(ATTEMPT_STATUSES),
    at: Timestamp,
    durationMs: z.int(),
    httpStatus: z.int().nullable(),
    responseBody: z.string().nullable().meta({ description: 'Its first 1,000 characters' }),
    error: z.enum(ATTEMPT_ERRORS).nullable().meta({ description: '`status`: the answer was no 2xx' }),
    message: z.string().nullable().meta({ description: 'For a person' }),
    nextAt: Timestamp.nullable().meta({ description: 'When the event is tried again' }),
  })
  .meta({ id: 'WebhookAttempt' });

const fields = {
  name: line(100),
  url: WebhookUrl,
  types: Types,
  description: line(500),
  isActive: z.boolean(),
};

const WHERE =
  'https only, to an address of the public internet, unless the hub’s administrator has named the target (`WEBHOOK_ALLOWED_TARGETS`); else 422.';

export const CreateWebhook = operation({
  summary: 'Have events posted to a URL',
  description: `Messages are signed as Standard Webhooks says; the secret is shown here and never again. ${WHERE} Up to 20 a business; 409 \`conflict\` beyond that, and for a name that is there. Not for API keys: 403.`,
  body: z.strictObject({
    name: fields.name,
    url: fields.url,
    types: fields.types.default([]),
    description: fields.description.optional(),
    isActive: fields.isActive.default(true),
  }),
  status: 201,
  idempotent: true,
  answer: { webhook: NewWebhook },
});

export const ListWebhooks = operation({
  summary: 'The endpoints for events, newest first',
  query: PageQuery,
  answer: { webhooks: z.array(WebhookView), pagination: Pagination },
});

export const GetWebhook = operation({
  summary: 'An endpoint, and how it fares',
  params: ById,
  answer: { webhook: WebhookView },
});

export const UpdateWebhook = operation({
  summary: 'Change an endpoint',
  description: `Only what is sent is changed. What waits goes to the new URL. While it is not active nothing is sent or queued for it; what waits then goes on with \`isActive: true\`, which also ends \`disabled\`, and what happened meanwhile comes by a replay. ${WHERE}`,
  params: ById,
  body: z.strictObject({
    name: fields.name.optional(),
    url: fields.url.optional(),
    types: fields.types.optional(),
    description: fields.description.nullable().optional(),
    isActive: fields.isActive.optional(),
  }),
  answer: { webhook: WebhookView },
});

export const DeleteWebhook = operation({
  summary: 'Delete an endpoint',
  description: 'What waits for it is dropped, and its attempts are gone.',
  params: ById,
  answer: {},
});

export const RotateWebhookSecret = operation({
  summary: 'Replace the secret of an endpoint',
  description:
    'For `overlapHours` more, messages are signed by the earlier secret, too (two signatures, separated by a space); 0 ends it at once. 409 `conflict` where another rotation came first. Not for API keys: 403.',
  params: ById,
  body: z.strictObject({ overlapHours: z.number().min(0).max(168).default(24) }),
  status: 201,
  idempotent: true,
  answer: { webhook: NewWebhook },
});

export const TestWebhook = operation({
  summary: 'Send a test event',
  description:
    'At once, and the answer waits for it (15 s at most): `webhook.test`, signed as all are, once, also where the endpoint is not active. A failure is no failure of the call: `attempt` tells it.',
  params: ById,
  idempotent: true,
  answer: { attempt: AttemptView },
});

export const ListWebhookAttempts = operation({
  summary: 'The calls of an endpoint, newest first',
  description: 'They stay for 30 days.',
  params: ById,
  query: PageQuery.extend({
    status: z.enum(ATTEMPT_STATUSES).optional(),
    event: Id.optional().meta({ description: 'Of this event' }),
  }),
  answer: { attempts: z.array(AttemptView), pagination: Pagination },
});

export const RedeliverWebhook = operation({
  summary: 'Deliver an event once more',
  description:
    'The event of this attempt is queued anew, whatever became of it, with all its retries and the same `webhook-id`. 409 `conflict` where the endpoint is not active, or the event is not in the log: a test event, or one that has expired.',
  params: ById.extend({ attemptId: Id }),
  status: 202,
  idempotent: true,
  answer: { delivery: z.object({ eventId: Id, type: z.enum(EVENT_TYPES), status: z.literal('pending') }) },
});

export const ReplayWebhook = operation({
  summary: 'Deliver the events of a time once more',
  description:
    'Everything that the log has of that time and that the endpoint gets, delivered or not, in the order of the log and with the same `webhook-id`s. A worker queues it page by page; `webhook.replay` shows how far it is. 409 `conflict` where the endpoint is not active, or another replay of it runs.',
  params: ById,
  body: z
    .strictObject({
      from: Timestamp.transform((text) => new Date(text)).meta({ description: 'Not before this' }),
      to: Timestamp.transform((text) => new Date(text)).meta({ description: 'Before this; at most now' }),
      types: z
        .array(z.enum(EVENT_TYPES))
        .min(1, 'must name at least one type')
        .max(100)
        .transform((all) => [...new Set(all)])
        .optional()
        .meta({ description: 'Of those that the endpoint gets; all of them where absent' }),
    })
    .refine(({ from, to }) => !(from >= to), { path: ['to'], error: 'must be after from' }),
  status: 202,
  idempotent: true,
  answer: { webhook: WebhookView },
});

/** An endpoint as it is shown: without its secret. */
export function presentWebhook({
  endpoint,
  waiting,
  previousSecretUntil,
}: {
  endpoint: WebhookEndpoint;
  waiting: number;
  previousSecretUntil: Date | undefined;
}): z.output<typeof WebhookView> {
  const { disabled, failingSince, lastSuccessAt, lastFailureAt, lastFailure } = endpoint;
  return {
    id: endpoint._id.toHexString(),
    name: endpoint.name,
    description: endpoint.description ?? null,
    url: endpoint.url,
    types: endpoint.types,
    isActive: endpoint.isActive,
    disabled: disabled ? { reason: disabled.reason, at: disabled.at.toISOString() } : null,
    previousSecretUntil: previousSecretUntil?.toISOString() ?? null,
    health: {
      waiting,
      failingSince: failingSince?.toISOString() ?? null,
      lastSuccessAt: lastSuccessAt?.toISOString() ?? null,
      lastFailureAt: lastFailureAt?.toISOString() ?? null,
      lastFailure: lastFailure ?? null,
    },
    replay: presentReplay(endpoint.replay),
    createdAt: endpoint.createdAt.toISOString(),
  };
}

function presentReplay(replay: WebhookEndpoint['replay']): z.output<typeof ReplayView> | null {
  if (!replay) return null;
  const { from, to, types, isRunning, queued, startedAt, finishedAt } = replay;
  return {
    from: from.toISOString(),
    to: to.toISOString(),
    types: [...types],
    status: isRunning ? 'running' : 'done',
    queued,
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
  };
}

export function presentAttempt(attempt: WebhookAttempt): z.output<typeof AttemptView> {
  return {
    id: attempt._id.toHexString(),
    eventId: attempt.event.toHexString(),
    type: attempt.type as z.output<typeof AttemptView>['type'],
    url: attempt.url,
    cause: attempt.cause,
    number: attempt.number,
    status: attempt.status,
    at: attempt.at.toISOString(),
    durationMs: attempt.durationMs,
    httpStatus: attempt.httpStatus ?? null,
    responseBody: attempt.body ?? null,
    error: attempt.error ?? null,
    message: attempt.message ?? null,
    nextAt: attempt.nextAt?.toISOString() ?? null,
  };
}
