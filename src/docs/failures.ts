import { z } from 'zod';
import { ERROR_CODES } from '../errors.js';
import type { ApiResponse } from '../openapi.js';
import { AddDomain, DeleteDomain, VerifyDomain } from '../schemas/domains.js';
import { RotateEventsUrl, SetUpEvents } from '../schemas/events-setup.js';
import { GetReadiness } from '../schemas/health.js';
import { ReceiveSesEvents } from '../schemas/inbound.js';
import type { Operation } from '../schemas/operation.js';
import { AddRecipients } from '../schemas/recipients.js';
import type { Endpoint } from './endpoints.js';
import type { Components, JsonSchema } from './json-schemas.js';

/** The one shape of every failure. */
export const FAILURE: JsonSchema = {
  type: 'object',
  required: ['success', 'message', 'code', 'requestId'],
  properties: {
    success: { type: 'boolean', const: false },
    message: { type: 'string', description: 'For a person' },
    code: { type: 'string', enum: [...ERROR_CODES], description: 'For a program' },
    requestId: { type: 'string' },
    errors: {
      type: 'array',
      description: 'Every problem at once',
      items: {
        type: 'object',
        required: ['path', 'message'],
        properties: { path: { type: 'string', example: 'recipients.3.email' }, message: { type: 'string' } },
      },
    },
  },
};

const MEANINGS = {
  400: 'The request cannot be read, its body or its path: `malformed`',
  401: 'Nobody is signed in: `unauthenticated`',
  403: 'Not allowed: `forbidden`, or the business is not active: `business_inactive`',
  404: 'There is no such thing, or it is another business’s: `not_found`',
  409: 'It does not fit the present state: `conflict`, `invalid_transition`, `import_in_progress`, `idempotency_in_flight`',
  413: 'The body is too large: `payload_too_large`',
  415: 'The body is of another media type, or compressed: `unsupported_media_type`',
  422: 'Understood and wrong: `validation_failed`, `idempotency_mismatch`, or what the code says',
  429: 'Too often: `rate_limited`, `quota_exceeded`; `Retry-After` says in how many seconds',
  503: 'A part of the hub is away: `unavailable`',
} as const;

type FailureStatus = keyof typeof MEANINGS;

/** What the answers of a limited endpoint carry. */
export const LIMIT_HEADERS = {
  RateLimit: { $ref: '#/components/headers/RateLimit' },
  'RateLimit-Policy': { $ref: '#/components/headers/RateLimitPolicy' },
} as const;

/** The failures that operations refer to, for the document's components. */
export const FAILURE_RESPONSES: Record<string, ApiResponse> = Object.fromEntries(
  Object.entries(MEANINGS).map(([status, description]) => [
    `Failure${status}`,
    {
      description,
      headers: {
        'X-Request-Id': { $ref: '#/components/headers/RequestId' },
        ...(status === '429'
          ? { ...LIMIT_HEADERS, 'Retry-After': { description: 'Seconds', schema: { type: 'integer' } } }
          : {}),
      },
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Failure' } } },
    },
  ]),
);

const IMPORT_BROKEN_OFF = z.object({
  ...AddRecipients.answer,
  line: z.int().optional().meta({ description: 'Where reading stopped, of a file that cannot be read on; from 1' }),
});

const MISSING_PERMISSION = z.object({
  missingPermission: z
    .object({ Effect: z.literal('Allow'), Action: z.string(), Resource: z.string() })
    .optional()
    .meta({ description: 'The statement that the IAM policy of the account’s keys lacks' }),
});

/** What failures carry beside the one shape, where an operation tells more in them. */
const MORE = new Map<Operation, { statuses: FailureStatus[]; fields: z.ZodObject }>([
  [GetReadiness, { statuses: [503], fields: z.object(GetReadiness.answer) }],
  // What was added before an import broke off stays added, whatever broke it.
  [AddRecipients, { statuses: [409, 422, 503], fields: IMPORT_BROKEN_OFF }],
  ...[AddDomain, VerifyDomain, DeleteDomain, SetUpEvents, RotateEventsUrl].map(
    (operation): [Operation, { statuses: FailureStatus[]; fields: z.ZodObject }] => [
      operation,
      { statuses: [422], fields: MISSING_PERMISSION },
    ],
  ),
]);

/** What whoever is not signed in yet is refused by: the ways into an account, and the URL that is SNS's own. */
const REFUSES: Readonly<Record<string, readonly FailureStatus[]>> = {
  '/api/auth/login': [401, 403],
  '/api/auth/register': [403],
  '/api/auth/accept-invitation': [403],
  '/api/inbound/ses/:token': [403],
};

/** The failures an endpoint can answer, by what it takes. */
export function failuresOf({ method, path, operation, access }: Endpoint): FailureStatus[] {
  const isPage = isShown(operation);
  // What SNS sends is no JSON of a caller's; whether it is to be believed is asked first.
  const isSigned = operation === ReceiveSesEvents;
  // A page takes whatever comes; its link is good or it is not. What everybody may read at any time is no other.
  const isValidated = !isPage && !isSigned && operation?.answersWith !== 'application/json';
  const isWrite = method !== 'get';
  // Also where nothing is taken: what is sent all the same is read, and refused.
  const readsBody = isWrite && !isPage;
  const applies: Record<FailureStatus, boolean> = {
    400: readsBody || Boolean(operation?.params),
    401: Boolean(access),
    403: Boolean(access),
    404: Boolean(operation?.params) && !isSigned,
    409: isWrite && Boolean(access ?? operation?.body),
    413: readsBody,
    415: readsBody,
    422: isValidated,
    429: isLimited({ method, path, access }),
    503: true,
  };
  return ([400, 401, 403, 404, 409, 413, 415, 422, 429, 503] as const).filter(
    (status) => applies[status] || REFUSES[path]?.includes(status),
  );
}

/** Whether requests are counted, of a business or of an address: see `middleware/rate-limit.ts`. */
export function isLimited({ method, path, access }: Pick<Endpoint, 'method' | 'path' | 'access'>): boolean {
  const isSigningIn = path.startsWith('/api/auth/') && method === 'post';
  return Boolean(access) || isSigningIn || path === '/api/docs' || path === '/api/openapi.json';
}

/** Whether a person's browser or mail program asks: it is answered with something to look at, and never a 422. */
function isShown(operation: Operation | undefined): boolean {
  return operation?.answersWith === 'text/html' || operation?.answersWith === 'image/gif';
}

/** One of an endpoint's failures: the shared one, unless it is a page or carries more. */
export function failureResponse(
  { operation }: Endpoint,
  status: FailureStatus,
  components: Components,
): ApiResponse | { $ref: string } {
  const shared = { $ref: `#/components/responses/Failure${status}` };
  const response = FAILURE_RESPONSES[`Failure${status}`];
  if (!operation || !response) return shared;
  if (status === 404 && operation.answersWith && isShown(operation)) {
    return {
      ...response,
      description: 'The link is not one of the hub’s: a page that says so, or the picture all the same',
      content: { [operation.answersWith]: { schema: { type: 'string' } } },
    };
  }
  const more = MORE.get(operation);
  if (!more?.statuses.includes(status)) return shared;
  const anyOf = [{ $ref: '#/components/schemas/Failure' }, withFields(components.output(more.fields))];
  return { ...response, content: { 'application/json': { schema: { anyOf } } } };
}

/** The failure's shape with fields of its own, which win over those of the same name. */
function withFields({ properties = {}, required = [] }: JsonSchema): JsonSchema {
  return {
    ...FAILURE,
    required: [...(FAILURE.required ?? []), ...required],
    properties: { ...FAILURE.properties, ...properties },
  };
}
