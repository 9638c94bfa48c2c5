import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { config } from './config.js';
import { type Endpoint, endpointsOf } from './docs/endpoints.js';
import { FAILURE, FAILURE_RESPONSES, failureResponse, failuresOf, isLimited, LIMIT_HEADERS } from './docs/failures.js';
import { Components, type JsonSchema } from './docs/json-schemas.js';
import type { Mount } from './routes/index.js';

interface Reference {
  $ref: string;
}

interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  description?: string;
  schema: JsonSchema;
}

type Content = Record<string, { schema: JsonSchema }>;

export interface ApiResponse {
  description: string;
  headers?: Record<string, Reference | { description: string; schema: JsonSchema }>;
  content?: Content;
}

export interface ApiOperation {
  operationId: string;
  tags: string[];
  summary: string;
  description?: string;
  security: Record<string, string[]>[];
  parameters: (Parameter | Reference)[];
  requestBody?: { required: boolean; content: Content };
  responses: Record<string, ApiResponse | Reference>;
  /** One of these permissions is needed. */
  'x-permissions'?: string[];
}

/** The OpenAPI document (OpenAPI Specification 3.1.1), as far as the hub writes it. */
export interface ApiDocument {
  openapi: '3.1.1';
  info: { title: string; version: string; description: string };
  servers: { url: string }[];
  tags: { name: string }[];
  paths: Record<string, Record<string, ApiOperation>>;
  components: {
    schemas: Record<string, JsonSchema>;
    responses: Record<string, ApiResponse>;
    parameters: Record<string, Parameter>;
    headers: Record<string, { description: string; schema: JsonSchema }>;
    securitySchemes: Record<string, Record<string, string>>;
  };
}

const DESCRIPTION = `A central e-mail service: campaigns and single messages through each business's own Amazon SES account.

Answers are JSON: \`{"success": true, ...}\`, or \`{"success": false, "message", "code", "requestId", "errors"?}\`. A client may switch on \`code\`; \`message\` is for a person. Only the CSV export, the unsubscribe pages under \`/u\`, the pages behind mailed links (\`/reset-password\`, \`/accept-invitation\`) and this documentation as a page (\`/api/docs\`) answer in another form, which their operations name. Lists come in pages: \`limit\` (1 to 200, 50 where absent) and \`cursor\`, the \`pagination.nextCursor\` of the page before. Ids are 24 hexadecimal digits. Timestamps are ISO 8601; those sent need an offset. A password has at least 8 characters, and at most 72 bytes in UTF-8.

Sign in with \`Authorization: Bearer <token>\`, the token of a login or an API key; a key may also go into \`X-API-Key\`. What needs a signed-in user answers 403 to a key.

A POST that creates or sends takes an \`Idempotency-Key\` of your making, at most 255 characters. Sent again by the same caller within 24 hours, with the same body, it is done once: the first reply comes again with \`Idempotent-Replayed: true\`, or a 409 \`idempotency_in_flight\` while the first is under way; up to a minute after the hub broke down in the middle of it. Another body with the same key is a 422 \`idempotency_mismatch\`. Only success is kept: what was refused, or failed, may be sent again with its key. Keys mean nothing on \`/api/auth\` and with an import that is streamed; sending that again is safe.`;

const PARAMETERS: Record<string, Parameter> = {
  RequestId: {
    name: 'X-Request-Id',
    in: 'header',
    required: false,
    description: 'Names the request in the log; made where absent, and comes back',
    schema: { type: 'string', pattern: '^[\\w.:-]{1,128}$' },
  },
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description:
      'Names the request: sent again by the same caller within 24 hours it gets the same reply, and nothing is done twice',
    schema: { type: 'string', minLength: 1, maxLength: 255, example: '0b8a6c1e-order-4711' },
  },
  BusinessId: {
    name: 'X-Business-Id',
    in: 'header',
    required: false,
    description: 'The business a super_admin acts for; 403 from anyone else',
    schema: { $ref: '#/components/schemas/Id' },
  },
};

const HEADERS: ApiDocument['components']['headers'] = {
  RequestId: { description: 'Names the request in the log', schema: { type: 'string' } },
  IdempotentReplayed: {
    description: 'This is the reply of an earlier request with the same `Idempotency-Key`; absent otherwise',
    schema: { type: 'string', enum: ['true'] },
  },
  RateLimit: {
    description: 'How many requests are left (`r`), and for how many seconds (`t`)',
    schema: { type: 'string', example: '"business"; r=598; t=41' },
  },
  RateLimitPolicy: {
    description: 'How many requests (`q`) in how many seconds (`w`), and who is counted: a business, an address',
    schema: { type: 'string', example: '"business"; q=600; w=60; pk=:NmI4Y2Q5ZTE0Zjcz:' },
  },
};

/** The document of every endpoint in the table. It changes with the code only. */
export function document(mounts: readonly Mount[]): ApiDocument {
  const components = new Components();
  const paths: ApiDocument['paths'] = {};
  for (const endpoint of endpointsOf(mounts)) {
    const path = endpoint.path.replace(/:(\w+)/g, '{$1}');
    const methods = paths[path] ?? {};
    methods[endpoint.method] = operationOf(endpoint, components);
    paths[path] = methods;
  }
  return {
    openapi: '3.1.1',
    info: { title: 'Power MTA Hub', version: version(), description: DESCRIPTION },
    servers: [{ url: config().publicUrl }],
    tags: [...new Set(mounts.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: { ...components.schemas, Failure: FAILURE },
      responses: FAILURE_RESPONSES,
      parameters: PARAMETERS,
      headers: HEADERS,
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'The token of a login. Where `apiKey` may be used, a key (`pmh_...`) may stand here too',
        },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
      },
    },
  };
}

function operationOf(endpoint: Endpoint, components: Components): ApiOperation {
  const { method, path, tag, operation, access, isUsersOnly } = endpoint;
  const permissions = access?.filter((one) => one !== 'any' && one !== 'signed_in');
  const needs = needsOf(endpoint);
  return {
    operationId: operationId(method, path),
    tags: [tag],
    summary: operation?.summary ?? `${method.toUpperCase()} ${path}`,
    description: [operation?.description, needs].filter(Boolean).join('\n\n'),
    security: access ? [{ bearer: [] }, ...(isUsersOnly ? [] : [{ apiKey: [] }])] : [],
    parameters: parametersOf(endpoint, components),
    ...bodyOf(endpoint, components),
    responses: {
      [operation?.status ?? 200]: successOf(endpoint, components),
      ...Object.fromEntries(
        failuresOf(endpoint).map((status) => [status, failureResponse(endpoint, status, components)]),
      ),
    },
    ...(permissions?.length ? { 'x-permissions': permissions } : {}),
  };
}

function needsOf({ access, isUsersOnly }: Endpoint): string {
  if (!access) return 'Nobody has to be signed in.';
  if (access.includes('super_admin')) return 'For a super_admin.';
  const who = isUsersOnly ? 'a signed-in user' : 'a signed-in caller';
  if (access.includes('any') || access.includes('signed_in')) return `Needs ${who}.`;
  return `Needs ${isUsersOnly ? `${who} with ` : ''}the permission ${access.map((one) => `\`${one}\``).join(' or ')}.`;
}

function parametersOf({ operation, access }: Endpoint, components: Components): ApiOperation['parameters'] {
  const from = (place: 'path' | 'query', schema: z.ZodObject | undefined): Parameter[] => {
    const { properties = {}, required = [] } = schema ? components.input(schema) : {};
    return Object.entries(properties).map(([name, { description, ...rest }]) => ({
      name,
      in: place,
      required: required.includes(name),
      ...(description ? { description } : {}),
      schema: rest,
    }));
  };
  const isTenants = access && !access.includes('signed_in') && !access.includes('super_admin');
  return [
    ...from('path', operation?.params),
    ...from('query', operation?.query),
    ...(isTenants ? [{ $ref: '#/components/parameters/BusinessId' }] : []),
    ...(operation?.idempotent ? [{ $ref: '#/components/parameters/IdempotencyKey' }] : []),
    { $ref: '#/components/parameters/RequestId' },
  ];
}

function bodyOf({ operation }: Endpoint, components: Components): Pick<ApiOperation, 'requestBody'> {
  if (!operation?.body) return {};
  const schema = components.input(operation.body);
  const streams = (operation.streams ?? []).map((type) => [type, { schema: { type: 'string' } }] as const);
  return {
    requestBody: {
      required: (schema.required?.length ?? 0) > 0,
      content: { 'application/json': { schema }, ...Object.fromEntries(streams) },
    },
  };
}

function successOf(endpoint: Endpoint, components: Components): ApiResponse {
  const { operation } = endpoint;
  const headers = {
    'X-Request-Id': { $ref: '#/components/headers/RequestId' },
    ...(isLimited(endpoint) ? LIMIT_HEADERS : {}),
    ...(operation?.idempotent ? { 'Idempotent-Replayed': { $ref: '#/components/headers/IdempotentReplayed' } } : {}),
  };
  if (operation?.status === 302) return { description: 'Leads on, by its Location', headers };
  const type = operation?.answersWith;
  if (type && type !== 'application/json') {
    return { description: 'Done', headers, content: { [type]: { schema: { type: 'string' } } } };
  }
  const envelope = type ? {} : { success: z.literal(true) };
  const schema = components.output(z.object({ ...envelope, ...operation?.answer }));
  return { description: 'Done', headers, content: { 'application/json': { schema } } };
}

/** `get`, `/api/templates/:id/preview` → `getTemplatesByIdPreview`. */
function operationId(method: string, path: string): string {
  const words = path.split('/').filter((part) => part && part !== 'api');
  const named = words.map((word) => word.replace(/^:/, 'by-').replace(/(?:^|[^a-z0-9]+)([a-z0-9])/gi, upper));
  return method + named.join('');
}

function upper(_match: string, letter: string): string {
  return letter.toUpperCase();
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return z.object({ version: z.string() }).parse(manifest).version;
}
