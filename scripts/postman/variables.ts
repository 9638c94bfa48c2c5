import type { Variable } from './format.js';

/** What a person sets before the first request, or what the requests leave for those that follow. */
const KNOWN: Readonly<Record<string, readonly [value: string, description: string]>> = {
  baseUrl: ['http://localhost:5002', 'Where the hub is'],
  email: ['admin@example.com', 'Whom Register makes, and Sign in signs in'],
  password: ['', 'His password: at least 8 characters'],
  newPassword: ['', 'The one after it'],
  businessName: ['My business', 'What Register calls the business'],
  domain: ['example.com', 'The business’s domain, and what it sends from'],
  personEmail: ['colleague@example.com', 'Somebody whom you add or invite'],
  personPassword: ['', 'The password that you give him'],
  adminEmail: ['', 'An administrator of the hub, of `npm run create-admin`'],
  adminPassword: ['', 'His password'],
  sesAccessKeyId: ['', 'The access key of the IAM user that may send: docs/ses-setup.md'],
  sesSecretAccessKey: ['', 'Its secret'],
  sesRegion: ['us-east-1', 'The region of the SES account'],
  token: ['', 'Of who is signed in; Sign in and Register store it'],
  adminToken: ['', 'Of the administrator of the hub who is signed in; the first request of Administration stores it'],
  apiKey: ['', 'Making an API key stores it'],
  resetToken: ['', 'What stands behind `#token=` in the mailed link'],
  invitationToken: ['', 'What stands behind `#token=` in the mailed link'],
  openToken: ['', 'From the pixel of a message'],
  clickToken: ['', 'From a link of a message'],
  unsubscribeToken: ['', 'From the unsubscribe link of a message'],
  webhookUrl: ['https://example.com/hooks/mail', 'Where events are posted to'],
  yesterday: ['', 'Set before each request: this time yesterday'],
  aMinuteAgo: ['', 'Set before each request'],
  tomorrow: ['', 'Set before each request: this time tomorrow'],
  nextWeek: ['', 'Set before each request: this time in a week'],
};

/** Sets the variables that depend on the time. */
export const CLOCK = [
  'const inDays = (days) => new Date(Date.now() + days * 86400000).toISOString();',
  "pm.collectionVariables.set('yesterday', inDays(-1));",
  "pm.collectionVariables.set('aMinuteAgo', inDays(-1 / 1440));",
  "pm.collectionVariables.set('tomorrow', inDays(1));",
  "pm.collectionVariables.set('nextWeek', inDays(7));",
];

const LINKS: Readonly<Record<string, string>> = {
  '/t/o/{token}': 'openToken',
  '/t/c/{token}': 'clickToken',
  '/u/{token}': 'unsubscribeToken',
};

/** The variable that a parameter in a path takes its value from: `{id}` in `/api/campaigns/{id}/send` → `campaignId`. */
export function variableOf(path: string, parameter: string): string {
  if (parameter !== 'id') return LINKS[path] ?? parameter;
  const segments = path.split('/');
  return `${singular(camel(segments[segments.indexOf('{id}') - 1] ?? ''))}Id`;
}

/** All of them: those that are named here, and the ids that the paths need. */
export function variablesFor(ids: Iterable<string>): Variable[] {
  const named = Object.entries(KNOWN).map(([key, [value, description]]) => ({ key, value, description }));
  const others = [...new Set(ids)]
    .filter((key) => !(key in KNOWN))
    .map((key) => ({ key, value: '', description: 'The request that makes or lists such a thing stores it' }));
  return [...named, ...others].map(({ key, value, description }) => ({ key, value, type: 'string', description }));
}

/** `apiKeys` → `apiKey`. */
export const singular = (word: string) => word.replace(/(?:(ss)es|s)$/, '$1');

const camel = (word: string) => word.replace(/-(\w)/g, (_all, letter: string) => letter.toUpperCase());
