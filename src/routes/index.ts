import type { Router } from 'express';
import { acceptInvitationPage, resetPasswordPage } from './account-pages.js';
import { admin } from './admin.js';
import { adminBusinesses } from './admin-businesses.js';
import { apiKeys } from './api-keys.js';
import { auth } from './auth.js';
import { business } from './business.js';
import { campaignLifeRoutes } from './campaign-life.js';
import { campaignRoutes } from './campaigns.js';
import { docsRoutes } from './docs.js';
import { domainRoutes } from './domains.js';
import { emails } from './emails.js';
import { eventRoutes } from './events.js';
import { eventsSetupRoutes } from './events-setup.js';
import { health } from './health.js';
import { inbound } from './inbound.js';
import { invitationRoutes } from './invitations.js';
import { recipientRoutes } from './recipients.js';
import { suppressionRoutes } from './suppressions.js';
import { templates } from './templates.js';
import { tracking } from './tracking.js';
import { unsubscribe } from './unsubscribe.js';
import { userRoutes } from './users.js';
import { webhookRoutes } from './webhooks.js';

/** A router and where it hangs. `isPublic`: nobody has to be signed in. */
export interface Mount {
  path: string;
  /** The heading its operations stand under in the documentation. */
  tag: string;
  router: Router;
  isPublic?: boolean;
}

/** Every endpoint there is: the app mounts this table, and the OpenAPI document is read from it. */
export const mounts: readonly Mount[] = [
  { path: '/api/health', tag: 'Health', router: health, isPublic: true },
  { path: '/api/auth', tag: 'Sign-in', router: auth, isPublic: true },
  { path: '/api/auth', tag: 'Sign-in', router: invitationRoutes, isPublic: true },
  { path: '/api/users', tag: 'Users', router: userRoutes },
  { path: '/reset-password', tag: 'Sign-in', router: resetPasswordPage, isPublic: true },
  { path: '/accept-invitation', tag: 'Sign-in', router: acceptInvitationPage, isPublic: true },
  { path: '/api/business/api-keys', tag: 'API keys', router: apiKeys },
  { path: '/api/business/domains', tag: 'Sending domains', router: domainRoutes },
  { path: '/api/business/events-setup', tag: 'Event wiring', router: eventsSetupRoutes },
  { path: '/api/business', tag: 'Business', router: business },
  { path: '/api/templates', tag: 'Templates', router: templates },
  { path: '/api/campaigns/:id/recipients', tag: 'Recipients', router: recipientRoutes },
  { path: '/api/campaigns', tag: 'Campaigns', router: campaignRoutes },
  { path: '/api/campaigns', tag: 'The life of a campaign', router: campaignLifeRoutes },
  { path: '/api/emails', tag: 'Single messages', router: emails },
  { path: '/api/suppressions', tag: 'Suppressions', router: suppressionRoutes },
  { path: '/api/events', tag: 'Events', router: eventRoutes },
  { path: '/api/webhooks', tag: 'Webhooks', router: webhookRoutes },
  { path: '/api/inbound/ses', tag: 'Events', router: inbound, isPublic: true },
  { path: '/api/admin/businesses', tag: 'Administration', router: adminBusinesses },
  { path: '/api/admin', tag: 'Administration', router: admin },
  { path: '/api', tag: 'Documentation', router: docsRoutes(() => mounts), isPublic: true },
  { path: '/t', tag: 'Links in messages', router: tracking, isPublic: true },
  { path: '/u', tag: 'Links in messages', router: unsubscribe, isPublic: true },
];
