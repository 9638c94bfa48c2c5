import { BusinessModel } from '../models/business.js';
import { type Delivery, DeliveryModel } from '../models/delivery.js';
import { JOURNALED } from '../mongo.js';
import { valuesFor } from '../sending/batch/values.js';
import { log } from '../sending/log.js';
import { subjectOf } from '../sending/outcome-events.js';
import { owned } from '../tenant.js';
import { clickUpdate } from './click-update.js';
import { linksOf } from './contents.js';
import { idWithin } from './event-ids.js';
import { type Hit, isMachine } from './machines.js';
import { renderTarget } from './targets.js';
import { type ClickLink, verifyClick } from './tokens.js';

/** The log has one click of a message, link and kind in this time, in ms. */
const LOGGED_EVERY_MS = 60_000;

/** Where a link leads. `gone`: its sender sends no more. `unknown`: nobody signed it, or nothing is left of its message. */
export type Followed = { kind: 'to'; url: string } | { kind: 'gone' } | { kind: 'unknown' };

/**
 * Follows a tracked link: to the target that was frozen with its message, rendered for its recipient, and nowhere else. The click is
 * in MongoDB's journal before this resolves.
 * @param hit who follows it; undefined where nobody does, as with HEAD.
 */
export async function follow(token: string, hit: Hit | undefined): Promise<Followed> {
  const link = verifyClick(token);
  if (!link) return { kind: 'unknown' };
  const tenant = { businessId: link.businessId };
  const [business, delivery] = await Promise.all([
    BusinessModel.findById(link.businessId, { status: 1 }).lean(),
    DeliveryModel.findOne(owned(tenant, { _id: link.deliveryId })).lean<Delivery>(),
  ]);
  if (business && business.status !== 'active') return { kind: 'gone' };
  if (!business || !delivery) return { kind: 'unknown' };
  const url = await targetOf(link, delivery);
  if (url === undefined) return { kind: 'unknown' };
  if (hit) await record(link, delivery, url, hit);
  return { kind: 'to', url };
}

async function targetOf({ businessId, number }: ClickLink, delivery: Delivery): Promise<string | undefined> {
  const links = await linksOf({ businessId }, delivery);
  const target = links?.targets[number];
  // Without the unsubscribe link: none of the tracked ones names it.
  return links && target && renderTarget(target, links.variables, valuesFor(delivery, ''));
}

async function record({ businessId, number }: ClickLink, delivery: Delivery, url: string, hit: Hit): Promise<void> {
  const { _id } = delivery;
  const update = clickUpdate(number, hit.at, isMachine(hit, delivery));
  const after = await DeliveryModel.findOneAndUpdate(owned({ businessId }, { _id }), update, {
    updatePipeline: true,
    returnDocument: 'after',
    lean: true,
    writeConcern: JOURNALED,
  });
  if (!after) return;
  const machine = after.recentClicks?.at(-1)?.isMachine ?? false;
  await log([
    {
      _id: idWithin(['clicked', _id.toHexString(), number, machine], hit.at, LOGGED_EVERY_MS),
      type: 'email.clicked',
      at: hit.at,
      ...subjectOf(delivery),
      data: {
        machine,
        userAgent: hit.userAgent,
        ...(hit.ip ? { ip: hit.ip } : {}),
        link: url,
        linkNumber: number,
      },
    },
  ]);
}
