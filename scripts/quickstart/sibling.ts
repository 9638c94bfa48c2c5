import type { SendCampaign } from '../../src/schemas/campaign-life.js';
import type { CreateCampaign } from '../../src/schemas/campaigns.js';
import type { Answer } from '../../src/schemas/operation.js';
import type { AddRecipients } from '../../src/schemas/recipients.js';
import type { CreateTemplate } from '../../src/schemas/templates.js';
import { SENDER } from '../support/campaign.js';
import type { Client } from '../support/client.js';
import { moveIn, type Tell, type Tenant } from '../support/tenant.js';
import type { Source } from './audience.js';
import { TEMPLATE } from './letter.js';

/** What the hub said of the streamed list. */
export type ImportReport = Answer<typeof AddRecipients>;

/** What a person does once for the sibling project Whisky. */
export function moveInWhisky(hub: Client, tell: Tell): Promise<Tenant> {
  return moveIn(
    hub,
    {
      businessName: 'Whisky',
      domain: 'whisky.example',
      admin: { name: 'Isla Campbell', email: 'admin@whisky.example' },
      accessKeyId: 'AKIAWHISKYQUICKSTART',
      keyName: 'Whisky shop',
    },
    tell,
  );
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
