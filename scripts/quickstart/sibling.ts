import type { CreateApiKey } from '../../src/schemas/api-keys.js';
import type { Register } from '../../src/schemas/auth.js';
import type { ConnectSes } from '../../src/schemas/businesses.js';
import type { SendCampaign } from '../../src/schemas/campaign-life.js';
import type { CreateCampaign } from '../../src/schemas/campaigns.js';
import type { Answer } from '../../src/schemas/operation.js';
import type { AddRecipients } from '../../src/schemas/recipients.js';
import type { CreateTemplate } from '../../src/schemas/templates.js';
import type { Source } from './audience.js';
import type { Client } from './client.js';
import { SENDER, TEMPLATE } from './letter.js';

/** Puts what has been done on the screen. */
export type Tell = (what: string) => void;

/** What the hub said of the streamed list. */
export type ImportReport = Answer<typeof AddRecipients>;

/** The sibling project's business, and the key that the project calls the hub with. */
export interface Whisky {
  businessId: string;
  key: string;
}

/** What a person does once, signed in: registers the business, connects its SES account, makes an API key. */
export async function moveIn(hub: Client, tell: Tell): Promise<Whisky> {
  const { token, business } = await hub.call<typeof Register>('POST', '/api/auth/register', {
    businessName: 'Whisky',
    domain: 'whisky.example',
    email: 'admin@whisky.example',
    password: 'Test123!',
    name: 'Isla Campbell',
  });
  if (!business) throw new Error('The registration answered without a business');
  tell('registered the business "Whisky"');

  const admin = hub.as(token);
  const { quota } = await admin.call<typeof ConnectSes>('PUT', '/api/business/ses', {
    accessKeyId: 'AKIAWHISKYQUICKSTART',
    secretAccessKey: 'the-local-SES-takes-any',
    region: 'eu-west-1',
  });
  tell(`connected its SES account, which takes ${quota.maxPerSecond.toLocaleString('en')} messages a second`);

  const { apiKey } = await admin.call<typeof CreateApiKey>('POST', '/api/business/api-keys', {
    name: 'Whisky shop',
    permissions: ['manage_templates', 'manage_campaigns', 'send_emails', 'view_analytics'],
  });
  tell('made an API key');
  return { businessId: business.id, key: apiKey.key };
}

/** What the project does for a mailing: a template, a campaign of it, and the list, streamed into the campaign. */
export async function prepareCampaign(
  hub: Client,
  source: Source,
  tell: Tell,
): Promise<{ campaignId: string; report: ImportReport }> {
  const { template } = await hub.call<typeof CreateTemplate>('POST', '/api/templates', TEMPLATE);
  tell(`made the template "${template.name}" with ${template.variables.length} variables`);

  const { campaign } = await hub.call<typeof CreateCampaign>('POST', '/api/campaigns', {
    name: 'Autumn bottling',
    template: template.id,
    fromEmail: SENDER.email,
    fromName: SENDER.name,
  });
  tell(`made the campaign "${campaign.name}"`);

  const path = `/api/campaigns/${campaign.id}/recipients`;
  const report = await hub.upload<typeof AddRecipients>(path, 'text/csv', source.open());
  const [added, duplicates, invalid] = [report.added, report.duplicates, report.invalid].map((n) =>
    n.toLocaleString('en'),
  );
  tell(`streamed ${source.name} into it: ${added} added, ${duplicates} duplicates, ${invalid} invalid`);
  return { campaignId: campaign.id, report };
}

/** The call that sets it going. */
export async function send(hub: Client, campaignId: string): Promise<void> {
  await hub.call<typeof SendCampaign>('POST', `/api/campaigns/${campaignId}/send`);
}
