import type { CreateApiKey } from '../../src/schemas/api-keys.js';
import type { Register } from '../../src/schemas/auth.js';
import type { ConnectSes } from '../../src/schemas/businesses.js';
import type { AddDomain, VerifyDomain } from '../../src/schemas/domains.js';
import { SENDER } from './campaign.js';
import type { Client } from './client.js';

/** Puts what has been done on the screen. */
export type Tell = (what: string) => void;

/** Who wants to send by the hub. */
export interface NewTenant {
  businessName: string;
  domain: string;
  admin: { name: string; email: string };
  /** Of the SES account, which comes into being at the local SES by it. */
  accessKeyId: string;
  /** What the API key is called. */
  keyName: string;
}

/** A business on the hub, and the key that its project calls the hub with. */
export interface Tenant {
  businessId: string;
  accessKeyId: string;
  key: string;
  /** Of the person who did it, for what no API key may do. */
  token: string;
}

/** What a person does once, signed in: registers the business, connects its SES account and the domain it sends from, makes an API key. */
export async function moveIn(hub: Client, who: NewTenant, tell: Tell = () => {}): Promise<Tenant> {
  const { businessName, domain, admin, accessKeyId, keyName } = who;
  const { token, business } = await hub.call<typeof Register>('POST', '/api/auth/register', {
    businessName,
    domain,
    email: admin.email,
    password: 'Test123!',
    name: admin.name,
  });
  if (!business) throw new Error('The registration answered without a business');
  tell(`registered the business "${businessName}"`);

  const person = hub.as(token);
  const { quota } = await person.call<typeof ConnectSes>('PUT', '/api/business/ses', {
    accessKeyId,
    secretAccessKey: 'the-local-SES-takes-any',
    region: 'eu-west-1',
  });
  tell(`connected its SES account, which takes ${quota.maxPerSecond.toLocaleString('en')} messages a second`);

  const { domain: added } = await person.call<typeof AddDomain>('POST', '/api/business/domains', {
    domain: SENDER.domain,
  });
  const verify = `/api/business/domains/${added.id}/verify`;
  const { domain: sending } = await person.call<typeof VerifyDomain>('POST', verify);
  if (!sending.verified) throw new Error(`${sending.domain} is not verified: ${sending.problem}`);
  tell(`added the domain ${sending.domain}, which SES has verified`);

  const { apiKey } = await person.call<typeof CreateApiKey>('POST', '/api/business/api-keys', {
    name: keyName,
    permissions: ['manage_templates', 'manage_campaigns', 'send_emails', 'view_analytics'],
  });
  tell('made an API key');
  return { businessId: business.id, accessKeyId, key: apiKey.key, token };
}
