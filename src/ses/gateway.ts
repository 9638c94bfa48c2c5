import { type SESClient, SendRawEmailCommand } from '@aws-sdk/client-ses';
import { LRUCache } from 'lru-cache';
import type { Business } from '../models/business.js';
import type { Sealed } from '../secrets.js';
import { getSendQuota, type SendQuota } from './account.js';
import { CALL_TIMEOUT_MS, newSesClient } from './clients.js';
import { configurationSetOf } from './configuration-set.js';
import { accountOf, credentialsOf } from './credentials.js';
import { limited } from './limited.js';

/** A message ready for SES: one recipient, since a complaint cannot tell two apart. */
export interface RawMessage {
  /** The MIME message, at most 10 MB. */
  raw: Buffer;
  /** The envelope's sender and recipient. */
  from: string;
  to: string;
  /** Come back with every event of the message. Letters, digits, `_` and `-`. */
  tags: Record<string, string>;
}

/** One business's way to SES. */
export interface Gateway {
  /** The account its limits belong to: `<AWS account or access key>/<region>`. */
  account: string;
  accessKeyId: string;
  /** @returns SES's message id. @throws the SDK's error, which `classify` in `errors.ts` reads. */
  send(message: RawMessage): Promise<string>;
  quota(): Promise<SendQuota>;
}

interface Cached {
  /** Changes with the credentials. */
  fingerprint: string;
  client: SESClient;
  gateway: Gateway;
}

/** The gateways of one process, each with its client and sockets; the least used are closed. */
export class Gateways {
  private isClosed = false;
  private readonly cache = new LRUCache<string, Cached>({
    max: 200,
    // Calls may still be under way: cut off, nobody could tell whether they were heard.
    dispose: ({ client }) => {
      if (this.isClosed) client.destroy();
      else setTimeout(() => client.destroy(), 2 * CALL_TIMEOUT_MS).unref();
    },
  });

  /**
   * @returns undefined when the business has connected no SES account.
   * @throws Error when its credentials were sealed under another ENCRYPTION_KEY.
   */
  of(business: Pick<Business, '_id' | 'sesConfiguration' | 'eventWiring'>): Gateway | undefined {
    const { accessKeyId, secretAccessKey } = business.sesConfiguration;
    const configurationSet = configurationSetOf(business);
    const id = business._id.toHexString();
    const account = accountOf(business);
    const fingerprint = `${account}/${accessKeyId}/${(secretAccessKey as Sealed | undefined)?.tag}/${configurationSet}`;
    const known = this.cache.get(id);
    if (known?.fingerprint === fingerprint) return known.gateway;

    const credentials = credentialsOf(business);
    if (!credentials) return undefined;
    const client = newSesClient(credentials);
    const gateway: Gateway = {
      account,
      accessKeyId: credentials.accessKeyId,
      send: (message) => sendRaw(client, configurationSet, message),
      quota: () => getSendQuota(client),
    };
    this.cache.set(id, { fingerprint, client, gateway });
    return gateway;
  }

  close(): void {
    this.isClosed = true;
    this.cache.clear();
  }
}

/** @returns SES's message id. @throws the SDK's error. */
export async function sendRaw(
  client: SESClient,
  configurationSet: string | undefined,
  { raw, from, to, tags }: RawMessage,
): Promise<string> {
  const command = new SendRawEmailCommand({
    RawMessage: { Data: raw },
    Source: from,
    Destinations: [to],
    ...(configurationSet ? { ConfigurationSetName: configurationSet } : {}),
    Tags: Object.entries(tags).map(([Name, Value]) => ({ Name, Value })),
  });
  const { MessageId } = await limited(CALL_TIMEOUT_MS, (options) => client.send(command, options));
  // An answer without it is no answer: whether the message went out is not known.
  if (!MessageId) throw new Error('SES answered without a MessageId');
  return MessageId;
}
