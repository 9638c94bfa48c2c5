import { LRUCache } from 'lru-cache';
import type { Delivery } from '../models/delivery.js';
import { EmailCampaignModel } from '../models/email-campaign.js';
import type { Frozen } from '../models/frozen.js';
import { MessageContentModel } from '../models/message-content.js';
import { owned, type Tenant } from '../tenant.js';
import { parseTarget, type Target } from './targets.js';

/** The links of what was sent, ready to be rendered for one of its recipients. */
export interface Links {
  readonly targets: readonly (Target | undefined)[];
  readonly variables: Frozen['variables'];
}

/** Frozen content never changes, so it is parsed once a process. */
const known = new LRUCache<string, Links>({ max: 100 });

/** The links of a delivery's campaign or message; undefined where that is gone. */
export async function linksOf(tenant: Tenant, delivery: Delivery): Promise<Links | undefined> {
  const { campaign, message } = delivery;
  const id = campaign ?? message;
  if (!id) return undefined;
  const key = id.toHexString();
  const cached = known.get(key);
  if (cached) return cached;
  const filter = owned(tenant, { _id: id });
  const fields = { 'frozen.links': 1, 'frozen.variables': 1 };
  const found = campaign
    ? await EmailCampaignModel.findOne(filter, fields).lean<{ frozen?: Frozen }>()
    : await MessageContentModel.findOne(filter, fields).lean<{ frozen?: Frozen }>();
  if (!found?.frozen) return undefined;
  const { links, variables } = found.frozen;
  const made = { targets: (links ?? []).map(parseTarget), variables };
  known.set(key, made);
  return made;
}
