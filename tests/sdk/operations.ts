import type { PowerMtaHub } from '@power-mta-hub/sdk';

/** A call as the cases of the operations make it; of the types nothing is known there. */
interface Made {
  id: string;
  params: Record<string, string>;
  /** Of every kind, so it goes wherever a call takes one. */
  body: never;
  query: never;
}

/** What stands in a body, of whatever kind. */
const of = (body: Record<string, never>, name: string): never => body[name] as never;

/** How the SDK makes the call of every operation. */
export const SDK_CALLS: Readonly<Record<string, (hub: PowerMtaHub, made: Made) => Promise<unknown>>> = {
  'GET /api/users': (hub, { query }) => hub.users.list(query).page(),
  'POST /api/users': (hub, { body }) => hub.users.create(body),
  'POST /api/users/invite': (hub, { body }) => hub.users.invite(body),
  'GET /api/users/invitations': (hub, { query }) => hub.users.invitations.list(query).page(),
  'DELETE /api/users/invitations/{id}': (hub, { id }) => hub.users.invitations.revoke(id),
  'GET /api/users/{id}': (hub, { id }) => hub.users.get(id),
  'PATCH /api/users/{id}': (hub, { id, body }) => hub.users.update(id, body),
  'DELETE /api/users/{id}': (hub, { id }) => hub.users.delete(id),

  'POST /api/business/api-keys': (hub, { body }) => hub.business.apiKeys.create(body),
  'GET /api/business/api-keys': (hub, { query }) => hub.business.apiKeys.list(query).page(),
  'POST /api/business/api-keys/{id}/rotate': (hub, { id, body }) => hub.business.apiKeys.rotate(id, body),
  'DELETE /api/business/api-keys/{id}': (hub, { id }) => hub.business.apiKeys.delete(id),

  'GET /api/business/domains': (hub) => hub.business.domains.list(),
  'POST /api/business/domains': (hub, { body }) => hub.business.domains.add(body),
  'GET /api/business/domains/{id}': (hub, { id }) => hub.business.domains.get(id),
  'DELETE /api/business/domains/{id}': (hub, { id, query }) => hub.business.domains.delete(id, query),
  'POST /api/business/domains/{id}/verify': (hub, { id }) => hub.business.domains.verify(id),

  'GET /api/business/events-setup': (hub) => hub.business.eventsSetup.get(),
  'POST /api/business/events-setup': (hub) => hub.business.eventsSetup.create(),
  'PUT /api/business/events-setup': (hub, { body }) => hub.business.eventsSetup.store(body),
  'POST /api/business/events-setup/rotate': (hub) => hub.business.eventsSetup.rotate(),

  'GET /api/business': (hub) => hub.business.get(),
  'PATCH /api/business': (hub, { body }) => hub.business.update(body),
  'GET /api/business/stats': (hub, { query }) => hub.business.stats(query),
  'GET /api/business/usage': (hub) => hub.business.usage(),
  'PUT /api/business/ses': (hub, { body }) => hub.business.ses.connect(body),
  'DELETE /api/business/ses': (hub) => hub.business.ses.disconnect(),
  'POST /api/business/ses/check': (hub) => hub.business.ses.check(),

  'POST /api/templates': (hub, { body }) => hub.templates.create(body),
  'GET /api/templates': (hub, { query }) => hub.templates.list(query).page(),
  'GET /api/templates/{id}': (hub, { id }) => hub.templates.get(id),
  'PATCH /api/templates/{id}': (hub, { id, body }) => hub.templates.update(id, body),
  'DELETE /api/templates/{id}': (hub, { id }) => hub.templates.delete(id),
  'POST /api/templates/{id}/preview': (hub, { id, body }) => hub.templates.preview(id, body),
  'POST /api/templates/{id}/duplicate': (hub, { id, body }) => hub.templates.duplicate(id, body),

  'POST /api/campaigns': (hub, { body }) => hub.campaigns.create(body),
  'GET /api/campaigns': (hub, { query }) => hub.campaigns.list(query).page(),
  'GET /api/campaigns/{id}': (hub, { id }) => hub.campaigns.get(id),
  'PATCH /api/campaigns/{id}': (hub, { id, body }) => hub.campaigns.update(id, body),
  'DELETE /api/campaigns/{id}': (hub, { id }) => hub.campaigns.delete(id),
  'POST /api/campaigns/{id}/duplicate': (hub, { id, body }) => hub.campaigns.duplicate(id, body),
  'GET /api/campaigns/{id}/stats': (hub, { id, query }) => hub.campaigns.stats(id, query),
  'POST /api/campaigns/{id}/preflight': (hub, { id }) => hub.campaigns.preflight(id),
  'POST /api/campaigns/{id}/test': (hub, { id, body }) => hub.campaigns.test(id, body),
  'POST /api/campaigns/{id}/send': (hub, { id }) => hub.campaigns.send(id),
  'POST /api/campaigns/{id}/schedule': (hub, { id, body }) => hub.campaigns.schedule(id, of(body, 'scheduledFor')),
  'POST /api/campaigns/{id}/unschedule': (hub, { id }) => hub.campaigns.unschedule(id),
  'POST /api/campaigns/{id}/pause': (hub, { id }) => hub.campaigns.pause(id),
  'POST /api/campaigns/{id}/resume': (hub, { id, body }) => hub.campaigns.resume(id, body),
  'POST /api/campaigns/{id}/cancel': (hub, { id }) => hub.campaigns.cancel(id),
  'POST /api/campaigns/{id}/retry': (hub, { id, body }) => hub.campaigns.retry(id, body),

  'POST /api/campaigns/{id}/recipients': (hub, { id, body }) =>
    hub.campaigns.recipients.add(id, of(body, 'recipients')),
  'GET /api/campaigns/{id}/recipients': (hub, { id, query }) => hub.campaigns.recipients.list(id, query).page(),
  'DELETE /api/campaigns/{id}/recipients/{recipientId}': (hub, { id, params }) =>
    hub.campaigns.recipients.delete(id, params.recipientId ?? ''),
  'GET /api/campaigns/{id}/recipients/export': async (hub, { id }) =>
    new Response(await hub.campaigns.recipients.export(id)).text(),

  'POST /api/emails': (hub, { body }) => hub.emails.send(body),
  'POST /api/emails/batch': (hub, { body }) => hub.emails.sendBatch(of(body, 'emails')),
  'GET /api/emails': (hub, { query }) => hub.emails.list(query).page(),
  'GET /api/emails/{id}': (hub, { id }) => hub.emails.get(id),
  'POST /api/emails/{id}/cancel': (hub, { id }) => hub.emails.cancel(id),
  'POST /api/emails/{id}/retry': (hub, { id }) => hub.emails.retry(id),

  'POST /api/suppressions': (hub, { body }) => hub.suppressions.add(body),
  'GET /api/suppressions': (hub, { query }) => hub.suppressions.list(query).page(),
  'DELETE /api/suppressions/{id}': (hub, { id, query }) => hub.suppressions.delete(id, query),
  'POST /api/suppressions/import': (hub, { body, query }) => hub.suppressions.import(of(body, 'suppressions'), query),

  'GET /api/events': (hub, { query }) => hub.events.list(query).page(),

  'POST /api/webhooks': (hub, { body }) => hub.webhooks.create(body),
  'GET /api/webhooks': (hub, { query }) => hub.webhooks.list(query).page(),
  'GET /api/webhooks/{id}': (hub, { id }) => hub.webhooks.get(id),
  'PATCH /api/webhooks/{id}': (hub, { id, body }) => hub.webhooks.update(id, body),
  'DELETE /api/webhooks/{id}': (hub, { id }) => hub.webhooks.delete(id),
  'POST /api/webhooks/{id}/rotate-secret': (hub, { id, body }) => hub.webhooks.rotateSecret(id, body),
  'POST /api/webhooks/{id}/test': (hub, { id }) => hub.webhooks.test(id),
  'GET /api/webhooks/{id}/attempts': (hub, { id, query }) => hub.webhooks.attempts(id, query).page(),
  'POST /api/webhooks/{id}/attempts/{attemptId}/redeliver': (hub, { id, params }) =>
    hub.webhooks.redeliver(id, params.attemptId ?? ''),
  'POST /api/webhooks/{id}/replay': (hub, { id, body }) => hub.webhooks.replay(id, body),
};
