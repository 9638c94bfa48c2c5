import { Readable } from 'node:stream';
import type { SendCampaign } from '../../src/schemas/campaign-life.js';
import type { CampaignStats } from '../../src/schemas/campaign-stats.js';
import type { CreateCampaign, GetCampaign } from '../../src/schemas/campaigns.js';
import type { Answer } from '../../src/schemas/operation.js';
import type { AddRecipients } from '../../src/schemas/recipients.js';
import { type Client, Refused } from './client.js';
import { insist, type Patience, until } from './wait.js';

/** Where every campaign here comes from. */
export const SENDER = { email: 'cellar@whisky.example', name: 'Whisky', domain: 'whisky.example' };

/** A campaign of a project, over HTTP. */
export interface CampaignOf {
  project: Client;
  campaignId: string;
}

/** So many addresses of a domain. */
export function addressesOf(domain: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `r${String(n).padStart(6, '0')}@${domain}`);
}

/** Makes a campaign to these addresses: a draft, and a list that is streamed into it. @throws Error unless all are added. */
export async function draftCampaign(project: Client, addresses: readonly string[]): Promise<CampaignOf> {
  const { campaign } = await project.call<typeof CreateCampaign>('POST', '/api/campaigns', {
    name: 'Autumn bottling',
    subject: '{{ name }}, your bottle is ready',
    fromEmail: SENDER.email,
    fromName: SENDER.name,
    content: {
      html: '<p>Dear {{ name }},</p><p>your bottle is waiting for you.</p>',
      text: 'Dear {{ name }},\n\nyour bottle is waiting for you.\n',
    },
  });
  const list = Readable.from(csvOf(addresses));
  const path = `/api/campaigns/${campaign.id}/recipients`;
  const { added } = await project.upload<typeof AddRecipients>(path, 'text/csv', list);
  if (added !== addresses.length) throw new Error(`${added} of ${addresses.length} addresses were added`);
  return { project, campaignId: campaign.id };
}

const LINES_A_BLOCK = 1_000;

function* csvOf(addresses: readonly string[]): Generator<Buffer> {
  yield Buffer.from('email,name\n');
  for (let at = 0; at < addresses.length; at += LINES_A_BLOCK) {
    const lines = addresses.slice(at, at + LINES_A_BLOCK).map((address) => `${address},${address.split('@')[0]}\n`);
    yield Buffer.from(lines.join(''));
  }
}

/** The campaign as the API shows it. */
export async function readCampaign({ project, campaignId }: CampaignOf) {
  const { campaign } = await project.call<typeof GetCampaign>('GET', `/api/campaigns/${campaignId}`);
  return campaign;
}

/**
 * Tells it to go, again where nobody answers: a call that died on the way may have done its work, and is then a 409.
 * @throws Refused where the hub will not send it.
 */
export async function launch(campaign: CampaignOf, patience: Patience): Promise<void> {
  await insist(async () => {
    await move(campaign, 'send');
    const { status } = await readCampaign(campaign);
    if (status === 'draft') throw new Error('The campaign is still a draft after it was sent');
  }, patience);
}

/** A move that a person makes. @returns whether it was one: false where the campaign is somewhere else (409). */
export async function move(
  { project, campaignId }: CampaignOf,
  name: 'send' | 'pause' | 'resume' | 'cancel',
): Promise<boolean> {
  try {
    await project.call<typeof SendCampaign>('POST', `/api/campaigns/${campaignId}/${name}`);
    return true;
  } catch (error) {
    if (error instanceof Refused && error.code === 'invalid_transition') return false;
    throw error;
  }
}

/** The campaign's numbers as the API shows them, counted after this was called. */
export async function freshStats(
  { project, campaignId }: CampaignOf,
  patience: Patience,
): Promise<Answer<typeof CampaignStats>['stats']> {
  const calledAt = new Date().toISOString();
  return until(
    'numbers that were counted after all was quiet',
    async () => {
      const { stats } = await insist(
        () => project.call<typeof CampaignStats>('GET', `/api/campaigns/${campaignId}/stats`),
        patience,
      );
      return stats.asOf > calledAt ? stats : undefined;
    },
    patience,
  );
}
