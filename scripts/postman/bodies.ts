import { exampleOf } from '../../src/docs/examples.js';
import type { ApiDocument, ApiOperation } from '../../src/openapi.js';

/** What an example leaves out, and what it has instead of the document's own: variables, so that it fits the last answer. */
interface Change {
  without?: readonly string[];
  with?: Readonly<Record<string, unknown>>;
}

const SIGN_IN = { email: '{{email}}', password: '{{password}}' };
const PERSON = { email: '{{personEmail}}', password: '{{personPassword}}' };
const SENDER = { fromEmail: 'news@{{domain}}', replyTo: 'hello@{{domain}}' };

const ORDER = {
  from: 'Whisky <orders@{{domain}}>',
  to: 'Ann Lee <ann@example.com>',
  subject: 'Your order 4711',
  text: 'Thank you, Ann.',
};
const HOOK = { name: 'Shop', description: 'What became of the shop’s mail', url: '{{webhookUrl}}' };

const CHANGES: Readonly<Record<string, Change>> = {
  'POST /api/auth/register': { with: { businessName: '{{businessName}}', domain: '{{domain}}', ...SIGN_IN } },
  'POST /api/auth/login': { with: SIGN_IN },
  'POST /api/auth/change-password': { with: { currentPassword: '{{password}}', newPassword: '{{newPassword}}' } },
  'POST /api/auth/forgot-password': { with: { email: '{{email}}' } },
  'POST /api/auth/reset-password': { with: { token: '{{resetToken}}', password: '{{newPassword}}' } },
  'POST /api/auth/accept-invitation': { with: { token: '{{invitationToken}}', password: '{{personPassword}}' } },
  'POST /api/users': { with: PERSON },
  'POST /api/users/invite': { with: { email: '{{personEmail}}' } },
  'POST /api/business/api-keys': { without: ['expiresAt'] },
  'POST /api/business/domains': { with: { domain: '{{domain}}' } },
  'PUT /api/business/ses': {
    with: { accessKeyId: '{{sesAccessKeyId}}', secretAccessKey: '{{sesSecretAccessKey}}', region: '{{sesRegion}}' },
  },
  'POST /api/templates/{id}/duplicate': { with: { name: 'Order confirmation, copied' } },
  // Content or a template, not both.
  'POST /api/campaigns': { without: ['content'], with: SENDER },
  // `scheduledFor` is for a scheduled one.
  'PATCH /api/campaigns/{id}': { without: ['template', 'scheduledFor'], with: SENDER },
  'POST /api/campaigns/{id}/test': { with: { to: ['{{email}}'] } },
  'POST /api/emails': { with: { from: 'Whisky <orders@{{domain}}>' } },
  'POST /api/emails/batch': { with: { emails: [ORDER, { ...ORDER, subject: 'Your order 4712' }] } },
  'POST /api/webhooks': { with: HOOK },
  'PATCH /api/webhooks/{id}': { without: ['name'], with: HOOK },
  'POST /api/webhooks/{id}/replay': { without: ['types'], with: { from: '{{yesterday}}', to: '{{aMinuteAgo}}' } },
  'POST /api/suppressions': { with: { email: '{{personEmail}}' } },
  'POST /api/admin/businesses': {
    with: { name: '{{businessName}}', domain: '{{domain}}', admin: { ...PERSON, name: 'Ann Lee' } },
  },
};

/** What a file of recipients, or of addresses that get no mail, looks like. */
const FILES: Readonly<Record<string, string>> = {
  'POST /api/campaigns/{id}/recipients':
    'email,name,City\nann@example.com,Ann Lee,Edinburgh\nbob@example.com,Bob,Oban\n',
  'POST /api/suppressions/import': 'email\ngone@example.com\n',
};

/** The JSON that the operation takes: the document's own example, with variables in it. */
export function bodyOf(name: string, { requestBody }: ApiOperation, api: ApiDocument): object | undefined {
  const schema = requestBody?.content['application/json']?.schema;
  if (!schema) return undefined;
  const { without = [], with: changed = {} } = CHANGES[name] ?? {};
  const example = { ...(exampleOf(schema, api.components.schemas, true) as object), ...changed };
  const kept = Object.entries(example).filter(([key]) => !without.includes(key));
  return Object.fromEntries(kept.map(([key, value]) => [key, withVariables(key, value, api)]));
}

/** The CSV that the operation takes. @throws Error where it takes some and none is known. */
export function fileOf(name: string, { requestBody }: ApiOperation): string | undefined {
  if (!requestBody?.content['text/csv']) return undefined;
  const file = FILES[name];
  if (file === undefined) throw new Error(`${name} takes CSV, and FILES in scripts/postman/bodies.ts has none for it`);
  return file;
}

/** An id becomes that of the last such thing, a time one that is always to come. */
function withVariables(key: string, value: unknown, api: ApiDocument): unknown {
  if (Array.isArray(value)) return value.map((one) => withVariables(key, one, api));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withVariables(name, inner, api)]));
  }
  if (value === api.components.schemas.Id?.example) return `{{${key}Id}}`;
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)) {
    return key === 'scheduledFor' ? '{{tomorrow}}' : '{{nextWeek}}';
  }
  return value;
}
