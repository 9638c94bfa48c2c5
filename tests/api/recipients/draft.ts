import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Types } from 'mongoose';
import { createApp } from '../../../src/app.js';
import { DeliveryModel } from '../../../src/models/delivery.js';
import { EmailCampaignModel } from '../../../src/models/email-campaign.js';
import type { Registered } from '../../support/factories.js';
import { api } from '../../support/hub.js';

/** Makes a draft. @returns its id. */
export async function draft(who: Registered, overrides: Record<string, unknown> = {}): Promise<string> {
  const answer = await api()
    .post('/api/campaigns')
    .auth(who.token, { type: 'bearer' })
    .send({ name: 'News', subject: 'Hi', fromEmail: 'news@example.com', content: { text: 'Hello' }, ...overrides });
  if (answer.status !== 201) throw new Error(`draft: ${answer.status} ${answer.text}`);
  return answer.body.campaign.id;
}

/** Sends recipients to a campaign: an object as JSON, text and bytes as CSV or what `type` says. */
export function add(token: string, campaignId: string, body: object | string | Buffer, type?: string) {
  const isFile = typeof body === 'string' || Buffer.isBuffer(body);
  return api()
    .post(`/api/campaigns/${campaignId}/recipients`)
    .auth(token, { type: 'bearer' })
    .set('Content-Type', type ?? (isFile ? 'text/csv' : 'application/json'))
    .send(body);
}

/** The campaign's deliveries as stored, by address. */
export function stored(campaignId: string) {
  return DeliveryModel.find({ campaign: new Types.ObjectId(campaignId) })
    .sort({ email: 1 })
    .lean();
}

/** The leases on the campaign's recipients. */
export async function leases(campaignId: string) {
  return (await EmailCampaignModel.findById(campaignId).lean())?.imports ?? [];
}

/** The API on a port of its own, for what supertest cannot do: half a request. */
export async function listening(): Promise<{ port: number; url: string; close(): Promise<void> }> {
  const server = createServer(createApp());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
