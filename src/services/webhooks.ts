import { Types, type UpdateQuery } from 'mongoose';
import type { z } from 'zod';
import { type Attempt, createOnce, soleAttempt } from '../attempt.js';
import { conflict, invalid, notFound } from '../errors.js';
import { WebhookAttemptModel } from '../models/webhook-attempt.js';
import { WebhookDeliveryModel } from '../models/webhook-delivery.js';
import { MAX_ENDPOINTS, type WebhookEndpoint, WebhookEndpointModel } from '../models/webhook-endpoint.js';
import { isDuplicateKey, JOURNALED } from '../mongo.js';
import type { CreateWebhook, RotateWebhookSecret, UpdateWebhook } from '../schemas/webhooks.js';
import type { Sealed } from '../secrets.js';
import { owned, type Tenant } from '../tenant.js';
import { MAX_PREVIOUS, newSecret, openSecrets, rotated, sealSecrets, signing } from '../webhooks/secrets.js';
import { targetProblem } from '../webhooks/targets.js';
import * as pages from './pages.js';

const HOUR_MS = 3_600_000;

/** What waits is counted so far. */
const COUNTED = 10_000;

/** An endpoint as it is shown. */
export interface Shown {
  endpoint: WebhookEndpoint;
  /** Events that are still to be delivered, up to 10,000. */
  waiting: number;
  previousSecretUntil: Date | undefined;
}

type ShownOnce = Shown & { secret: string };

/** The tenant's endpoints, newest first. */
export async function list(tenant: Tenant, page: { cursor?: string | undefined; limit: number }) {
  const { items, pagination } = await pages.read(page, (before, count) =>
    WebhookEndpointModel.find(owned(tenant, before)).sort({ _id: -1 }).limit(count).lean<WebhookEndpoint[]>(),
  );
  return { items: await Promise.all(items.map(shown)), pagination };
}

/** @throws AppError `not_found`. */
export async function get(tenant: Tenant, id: string): Promise<Shown> {
  return shown(await find(tenant, id));
}

/** @throws AppError `not_found`. */
export async function find(tenant: Tenant, id: string): Promise<WebhookEndpoint> {
  const endpoint = await WebhookEndpointModel.findOne(byId(tenant, id)).lean<WebhookEndpoint>();
  if (!endpoint) throw notFound('webhook');
  return endpoint;
}

/**
 * Makes an endpoint. Events of after this are told to it: it is in the journal once this returns, and whoever logs an event
 * asks for the endpoints there are.
 * @throws AppError `validation_failed` for a URL that no webhook may go to; `conflict` for a name that is there, and beyond
 * the limit.
 */
export async function create(
  tenant: Tenant,
  fields: z.output<typeof CreateWebhook.body>,
  attempt = soleAttempt(),
): Promise<ShownOnce> {
  await requireTarget(fields.url);
  const secret = newSecret();
  const endpoint = await createOnce(attempt, renewed(tenant, attempt, secret), () =>
    insert(tenant, attempt.id, fields, secret),
  );
  return { ...(await shown(endpoint)), secret };
}

/** An earlier try died before it could tell anybody its secret: the endpoint that it made gets another one. */
const renewed =
  (tenant: Tenant, { id, isRepeat }: Attempt, secret: string) =>
  async (): Promise<WebhookEndpoint | null> => {
    const made = owned(tenant, { _id: id });
    if (!isRepeat) {
      if (!(await WebhookEndpointModel.exists(made))) return null;
      throw conflict('This request was taken for dead, and tried again: that try has made the webhook');
    }
    const endpoint = await WebhookEndpointModel.findOneAndUpdate(
      { ...made, rotation: { $exists: false } },
      { $set: { secrets: sealSecrets(id, { present: secret, previous: [] }) } },
      { returnDocument: 'after', writeConcern: JOURNALED },
    ).lean<WebhookEndpoint>();
    if (endpoint || !(await WebhookEndpointModel.exists(made))) return endpoint;
    throw conflict('This webhook was made, and its secret replaced since; rotate it to be shown one');
  };

/**
 * Inserts an endpoint in the first free place of the business's; of two that want the same the unique index lets one have it.
 * @throws AppError `conflict` for a name that is there, and where no place is free.
 */
export async function insert(
  tenant: Tenant,
  id: Types.ObjectId,
  fields: z.output<typeof CreateWebhook.body>,
  secret: string,
): Promise<WebhookEndpoint> {
  const secrets = sealSecrets(id, { present: secret, previous: [] });
  for (;;) {
    const taken = await WebhookEndpointModel.distinct('place', owned(tenant, {}));
    const place = Array.from({ length: MAX_ENDPOINTS }, (_, n) => n).find((n) => !taken.includes(n));
    if (place === undefined) throw conflict(`There are ${MAX_ENDPOINTS} webhooks, which is the limit`);
    const endpoint = new WebhookEndpointModel({ ...owned(tenant, fields), _id: id, place, secrets });
    try {
      await endpoint.save({ ...JOURNALED });
      return endpoint.toObject();
    } catch (error) {
      if (isDuplicateKey(error) && error.keyPattern && 'place' in error.keyPattern) continue;
      throw named(error, fields.name);
    }
  }
}

/**
 * Changes what is given; null takes the description away. Switched on, or led elsewhere, it begins anew: what it had failed by
 * is forgotten.
 * @throws AppError `not_found`; `validation_failed` and `conflict` as `create`.
 */
export async function update(
  tenant: Tenant,
  id: string,
  { description, ...fields }: z.output<typeof UpdateWebhook.body>,
): Promise<Shown> {
  if (fields.url !== undefined) await requireTarget(fields.url);
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return shown(
    await change(tenant, id, fields.name, {
      $set: { ...Object.fromEntries(given), ...(description ? { description } : {}) },
      $unset: {
        ...(description === null ? { description: 1 } : {}),
        ...(fields.isActive ? { disabled: 1 } : {}),
        ...(fields.isActive || fields.url !== undefined ? { failingSince: 1 } : {}),
      },
    }),
  );
}

async function change(
  tenant: Tenant,
  id: string,
  name: string | undefined,
  update: UpdateQuery<WebhookEndpoint>,
): Promise<WebhookEndpoint> {
  const changed = await WebhookEndpointModel.findOneAndUpdate(byId(tenant, id), update, {
    returnDocument: 'after',
    runValidators: true,
    writeConcern: JOURNALED,
  })
    .lean<WebhookEndpoint>()
    .catch((error: unknown) => {
      throw named(error, name);
    });
  if (!changed) throw notFound('webhook');
  return changed;
}

/**
 * Deletes an endpoint, and then what belonged to it: where the process dies in between, the workers drop what waits for none
 * (`webhooks/deliverer.ts`), and the rest expires unseen.
 * @throws AppError `not_found`.
 */
export async function remove(tenant: Tenant, id: string): Promise<void> {
  const { deletedCount } = await WebhookEndpointModel.deleteOne(byId(tenant, id), { writeConcern: JOURNALED });
  if (deletedCount === 0) throw notFound('webhook');
  const its = owned(tenant, { endpoint: new Types.ObjectId(id) });
  await WebhookDeliveryModel.deleteMany(its);
  await WebhookAttemptModel.deleteMany(its);
}

/**
 * Puts a new secret in the place of the present one, which signs beside it until the overlap is over: one write of the one
 * value that holds them all.
 * @throws AppError `not_found`; `conflict` where another rotation came first, or too many secrets before it sign still.
 */
export async function rotateSecret(
  tenant: Tenant,
  id: string,
  { overlapHours }: z.output<typeof RotateWebhookSecret.body>,
  attempt = soleAttempt(),
): Promise<ShownOnce> {
  const old = await find(tenant, id);
  const secret = newSecret();
  const stored = openSecrets(old._id, old.secrets as Sealed);
  // An earlier try died before it could tell anybody its secret: that one is replaced, and nothing is handed over again.
  const isReplaced = old.rotation?.equals(attempt.id);
  if (isReplaced && !attempt.isRepeat) throw conflict('This secret was replaced a moment ago');
  const next = isReplaced
    ? { ...stored, present: secret }
    : rotated(stored, secret, overlapHours * HOUR_MS, new Date());
  if (next.previous.length > MAX_PREVIOUS) {
    throw conflict(`${MAX_PREVIOUS} secrets before this one still sign; end them with overlapHours 0`);
  }
  const changed = await WebhookEndpointModel.findOneAndUpdate(
    { ...byId(tenant, id), 'secrets.tag': (old.secrets as Sealed).tag },
    { $set: { secrets: sealSecrets(old._id, next), rotation: attempt.id } },
    { returnDocument: 'after', writeConcern: JOURNALED },
  ).lean<WebhookEndpoint>();
  if (!changed) throw conflict('This secret was replaced a moment ago');
  return { ...(await shown(changed)), secret };
}

/** How an endpoint is shown. */
export async function shown(endpoint: WebhookEndpoint): Promise<Shown> {
  const waiting = await WebhookDeliveryModel.countDocuments({ status: 'pending', endpoint: endpoint._id }).limit(
    COUNTED,
  );
  return { endpoint, waiting, previousSecretUntil: previousUntil(endpoint) };
}

/** Undefined also where the secrets cannot be read, which each attempt tells: that is no reason to show nothing. */
function previousUntil({ _id, secrets }: WebhookEndpoint): Date | undefined {
  try {
    return signing(openSecrets(_id, secrets as Sealed), new Date())[0]?.until;
  } catch {
    return undefined;
  }
}

/** @throws AppError `validation_failed`, with the field's name. */
export async function requireTarget(url: string, path = 'url'): Promise<void> {
  const message = await targetProblem(url);
  if (message) throw invalid([{ path, message }]);
}

const byId = (tenant: Tenant, id: string) => owned(tenant, { _id: new Types.ObjectId(id) });

/** What a unique index says, for a person. */
function named(error: unknown, name: string | undefined): unknown {
  const isName = isDuplicateKey(error) && error.keyPattern && 'name' in error.keyPattern;
  return isName ? conflict(`There is a webhook named ${name} already`) : error;
}
