import type { Collection, Types } from 'mongoose';
import { logger } from '../logger.js';
import { BusinessModel } from '../models/business.js';
import { IdempotencyKeyModel } from '../models/idempotency-key.js';
import { SettingModel } from '../models/setting.js';
import { SystemMailModel } from '../models/system-mail.js';
import { WebhookEndpointModel } from '../models/webhook-endpoint.js';
import { JOURNALED } from '../mongo.js';
import { isPresent, open, type Sealed, seal } from '../secrets.js';
import { systemMailContext } from '../sending/system-mail/content.js';
import { secretKeyContext } from '../ses/credentials.js';
import { inboundContext } from '../ses/inbound-token.js';
import { webhookContext } from '../webhooks/secrets.js';
import { replyContext } from './idempotency.js';
import { CANARY } from './installation.js';

/** A field that holds a `Sealed`. */
interface Place {
  collection: Collection;
  path: string;
  /** Of the documents that have the field, which. */
  filter: object;
  contextOf(id: Types.ObjectId): string;
}

/** Every place that `seal` writes to stands here, or a change of keys would miss it. */
const places = (): Place[] => [
  {
    collection: BusinessModel.collection,
    path: 'sesConfiguration.secretAccessKey',
    filter: {},
    contextOf: secretKeyContext,
  },
  { collection: BusinessModel.collection, path: 'eventWiring.token', filter: {}, contextOf: inboundContext },
  { collection: IdempotencyKeyModel.collection, path: 'reply', filter: {}, contextOf: replyContext },
  { collection: SystemMailModel.collection, path: 'content', filter: {}, contextOf: systemMailContext },
  { collection: WebhookEndpointModel.collection, path: 'secrets', filter: {}, contextOf: webhookContext },
];

const canary = (): Place => ({
  collection: SettingModel.collection,
  path: 'value',
  filter: { _id: CANARY },
  contextOf: () => CANARY,
});

/** What became of the sealed values that were there. */
export interface Rewrapping {
  /** Sealed anew, under the present key. */
  rewrapped: number;
  /** Sealed under the present key before. */
  present: number;
  /** Sealed under a key that is not among those given: they stay as they are. */
  unreadable: number;
}

/**
 * Seals every secret anew under the present ENCRYPTION_KEY, whichever of the known keys it is sealed under. One at a time,
 * each replaced only while it is what was read: it may run beside the hub, be killed, and be run again. The canary comes
 * last, and only when nothing was unreadable: from then on the old keys are not needed.
 */
export async function rewrap(): Promise<Rewrapping> {
  const total: Rewrapping = { rewrapped: 0, present: 0, unreadable: 0 };
  for (const place of places()) await rewrapPlace(place, total);
  if (total.unreadable === 0) await rewrapPlace(canary(), total);
  return total;
}

async function rewrapPlace(place: Place, total: Rewrapping): Promise<void> {
  const { collection, path, filter } = place;
  const kid = `${path}.kid`;
  for await (const document of collection.find(
    { ...filter, [kid]: { $exists: true } },
    { projection: { [path]: 1 } },
  )) {
    total[await rewrapOne(place, document._id as Types.ObjectId, valueAt(document, path) as Sealed)] += 1;
  }
}

async function rewrapOne(
  { collection, path, contextOf }: Place,
  id: Types.ObjectId,
  sealed: Sealed,
): Promise<keyof Rewrapping> {
  if (isPresent(sealed)) return 'present';
  const context = contextOf(id);
  let plain: string;
  try {
    plain = open(sealed, context);
  } catch (err) {
    logger().error({ err, id, path }, 'a secret cannot be read');
    return 'unreadable';
  }
  // Where it is another one by now, whoever wrote that has sealed it under the present key.
  await collection.updateOne(
    { _id: id, [`${path}.tag`]: sealed.tag },
    { $set: { [path]: seal(plain, context) } },
    { writeConcern: JOURNALED },
  );
  return 'rewrapped';
}

function valueAt(document: object, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], document);
}
