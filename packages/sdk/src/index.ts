export { PowerMtaHub } from './client.js';
export type { FileSource, Source } from './content.js';
export { HubError, type HubErrorCode, type Problem } from './errors.js';
export type * from './generated.js';
export type { ClientOptions, KeyedOptions, RequestOptions } from './options.js';
export type { Page, Pages } from './pages.js';
export type { WebhookEvent, WebhookEventType } from './webhooks/events.js';
export { verifyWebhook, type WebhookHeaders, WebhookVerificationError } from './webhooks/verify.js';
