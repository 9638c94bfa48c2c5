/**
 * Whisky, a small shop, as a project that sends by the hub: it confirms an order, mails its newsletter, and hears by
 * webhook what becomes of both. `npm run example` starts a hub around it; with a hub of your own it wants
 *
 *   HUB_URL             where the hub is
 *   HUB_API_KEY         a key of the business (manage_templates, manage_campaigns, send_emails, view_analytics)
 *   HUB_WEBHOOK_SECRET  of a webhook that leads to http://<this machine>:<PORT>/hub
 *   PORT                where this listens; 5001 where absent
 *   FROM                who sends, of a verified domain
 *
 * Everybody here lives at Amazon's mailbox simulator, so that nobody is bothered.
 */
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { HubError, PowerMtaHub, verifyWebhook, type WebhookEvent, WebhookVerificationError } from '@power-mta-hub/sdk';

const { HUB_URL, HUB_API_KEY, HUB_WEBHOOK_SECRET = '', PORT = '5001', FROM = 'cellar@whisky.example' } = process.env;
const hub = new PowerMtaHub({ apiKey: HUB_API_KEY, baseUrl: HUB_URL });

/** What the shop would have in its database. */
const order = {
  number: Date.now(),
  bottle: 'Lagavulin 16',
  customer: { name: 'Ann', email: 'success+ann@simulator.amazonses.com' },
};
const readers = [
  { name: 'Ann', email: 'success+ann@simulator.amazonses.com' },
  { name: 'Bob', email: 'success+bob@simulator.amazonses.com' },
  { name: 'Carol', email: 'bounce+carol@simulator.amazonses.com' },
];

// --- Hearing of it ---------------------------------------------------------------------------------------------------

/** By their ids: the hub tells everything at least once, so sometimes twice. */
const events = new Map<string, WebhookEvent>();
const heard = new EventEmitter();

const server = createServer(async (request, response) => {
  response.writeHead(await statusFor(request)).end();
}).listen(Number(PORT));

async function statusFor(request: IncomingMessage): Promise<number> {
  try {
    const event = verifyWebhook(await text(request), request.headers, HUB_WEBHOOK_SECRET);
    if (events.has(event.data.eventId)) return 204;
    events.set(event.data.eventId, event);
    console.log(`  ← ${describe(event)}`);
    heard.emit('event');
    return 204;
  } catch (error) {
    // Somebody else knocked.
    if (error instanceof WebhookVerificationError) return 400;
    // Something is wrong here; the hub comes back with it later.
    console.error(error);
    return 500;
  }
}

function describe(event: WebhookEvent): string {
  switch (event.type) {
    case 'email.bounced':
      return `${event.type}: ${event.data.email} (${event.data.permanent ? 'no more mail to it' : 'for now'})`;
    case 'campaign.completed':
      return `${event.type}: ${event.data.sent} of ${event.data.total} sent`;
    default:
      return 'email' in event.data ? `${event.type}: ${event.data.email}` : event.type;
  }
}

/** Waits until the hub has told something. @throws Error when it has not within half a minute. */
async function told(what: string, isIt: (event: WebhookEvent) => boolean): Promise<void> {
  const signal = AbortSignal.timeout(30_000);
  while (![...events.values()].some(isIt)) {
    await once(heard, 'event', { signal }).catch(() => {
      throw new Error(`The hub has not told within half a minute ${what}`);
    });
  }
}

// --- An order, confirmed ---------------------------------------------------------------------------------------------

/** The template that is there from the last time, or a new one. */
async function confirmationTemplate(): Promise<string> {
  const name = 'Order confirmation';
  for await (const template of hub.templates.list({ search: name })) if (template.name === name) return template.id;
  const { id } = await hub.templates.create({
    name,
    category: 'transactional',
    subject: 'Your order {{ number }}',
    content: { html: '<p>Dear {{ name }},</p><p>your {{ bottle }} is on its way. Sláinte!</p>' },
    variables: [{ name: 'number', required: true }, { name: 'bottle', required: true }, { name: 'name' }],
  });
  return id;
}

console.log(`Confirming order ${order.number}:`);
const { customer, number, bottle } = order;
const confirmation = await hub.emails.send(
  {
    from: `Whisky <${FROM}>`,
    to: `${customer.name} <${customer.email}>`,
    template: await confirmationTemplate(),
    variables: { name: customer.name, number, bottle },
    tags: { order: String(number) },
  },
  // However often this program dies here and begins again, Ann gets one confirmation of this order.
  { idempotencyKey: `order-${number}-confirmation` },
);
console.log(`  → ${confirmation.id}, ${confirmation.status}`);
await told('that the confirmation was delivered', ({ type, data }) => {
  return type === 'email.delivered' && data.emailId === confirmation.id;
});

// --- A newsletter ----------------------------------------------------------------------------------------------------

/** As a cursor of the shop's database would yield them: the list is streamed, however long it is. */
async function* subscribers() {
  for (const { name, email } of readers) yield { email, variables: { name } };
}

console.log('\nSending the newsletter:');
const campaign = await hub.campaigns.create({
  name: 'Autumn bottling',
  subject: '{{ name }}, the autumn bottling is here',
  fromName: 'Whisky',
  fromEmail: FROM,
  content: { html: '<p>Dear {{ name }},</p><p>come and taste it.</p>' },
});
const { added, suppressed } = await hub.campaigns.recipients.add(campaign.id, subscribers);
console.log(`  → ${added} recipients, ${suppressed} of whom get no mail any more`);
try {
  await hub.campaigns.send(campaign.id);
} catch (error) {
  if (error instanceof HubError && error.code === 'preflight_failed') {
    for (const { message } of error.errors) console.error(`  ✗ ${message}`);
  }
  throw error;
}
await told('of the end of the campaign', ({ type, data }) => {
  return type === 'campaign.completed' && data.campaignId === campaign.id;
});
for await (const { id, status, email } of hub.campaigns.recipients.list(campaign.id)) {
  if (status === 'suppressed') continue;
  await told(`what became of ${email}`, ({ type, data }) => {
    return (type === 'email.delivered' || type === 'email.bounced') && data.deliveryId === id;
  });
}

console.log('\nWhat became of it:');
for await (const { email, status } of hub.campaigns.recipients.list(campaign.id)) {
  console.log(`  ${email.padEnd(40)} ${status}`);
}
server.close();
