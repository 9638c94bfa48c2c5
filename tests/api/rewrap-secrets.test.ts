import { randomBytes } from 'node:crypto';
import { Types } from 'mongoose';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Business, BusinessModel } from '../../src/models/business.js';
import { SettingModel } from '../../src/models/setting.js';
import { SystemMailModel } from '../../src/models/system-mail.js';
import { WebhookEndpointModel } from '../../src/models/webhook-endpoint.js';
import { keyId, type Sealed, seal } from '../../src/secrets.js';
import { openContent, systemMailContext } from '../../src/sending/system-mail/content.js';
import { CANARY, checkEncryptionKey } from '../../src/services/installation.js';
import { rewrap } from '../../src/services/sealed-secrets.js';
import { credentialsOf, secretKeyContext } from '../../src/ses/credentials.js';
import { inboundContext, inboundUrl } from '../../src/ses/inbound-token.js';
import { openSecrets, webhookContext } from '../../src/webhooks/secrets.js';
import { unique } from '../support/factories.js';
import { useHub } from '../support/hub.js';

const [present, previous, foreign] = [randomBytes(32), randomBytes(32), randomBytes(32)];
process.env.ENCRYPTION_KEY = present.toString('base64');
process.env.ENCRYPTION_KEY_PREVIOUS = previous.toString('base64');

useHub();

/** A business whose secrets are sealed under this key. */
async function business(key: Buffer): Promise<Business> {
  const made = new BusinessModel({ name: unique(), domain: 'x.test' });
  made.set({
    sesConfiguration: {
      accessKeyId: 'AKIA1',
      secretAccessKey: seal('hunter2', secretKeyContext(made._id), [key]),
      region: 'eu-west-1',
    },
    eventWiring: { tokenHash: unique(), token: seal('the-token', inboundContext(made._id), [key]) },
  });
  await made.save();
  return made.toObject();
}

const read = (id: Business['_id']) => BusinessModel.findById(id).lean<Business>().orFail();

describe('a change of ENCRYPTION_KEY', () => {
  beforeEach(async () => {
    await BusinessModel.deleteMany({});
    await SettingModel.deleteMany({});
    await SystemMailModel.deleteMany({});
    await WebhookEndpointModel.deleteMany({});
    await SettingModel.create({ _id: CANARY, value: seal(CANARY, CANARY, [previous]) });
  });

  const canaryKey = async () => ((await SettingModel.findById(CANARY).lean().orFail()).value as Sealed).kid;

  it('lets the hub start on what the earlier key sealed, and read it', async () => {
    const { _id } = await business(previous);
    await checkEncryptionKey();
    expect(credentialsOf(await read(_id))?.secretAccessKey).toBe('hunter2');
  });

  it('seals every secret anew, and the canary last', async () => {
    const [old] = await Promise.all([business(previous), business(previous), business(present)]);
    expect(await rewrap()).toEqual({ rewrapped: 5, present: 2, unreadable: 0 });
    const now = await read(old._id);
    expect((now.sesConfiguration.secretAccessKey as Sealed).kid).toBe(keyId(present));
    expect(credentialsOf(now)?.secretAccessKey).toBe('hunter2');
    expect(inboundUrl(old._id, now.eventWiring?.token as Sealed)).toMatch(/\/api\/inbound\/ses\/the-token$/);
    expect(await canaryKey()).toBe(keyId(present));
    expect(await rewrap()).toEqual({ rewrapped: 0, present: 7, unreadable: 0 });
  });

  it('seals the mail that waits anew, too', async () => {
    const _id = new Types.ObjectId();
    const content = seal('"x"', systemMailContext(_id), [previous]);
    await SystemMailModel.create({ _id, to: 'ann@example.com', content, expiresAt: new Date() });
    expect(await rewrap()).toEqual({ rewrapped: 2, present: 0, unreadable: 0 });
    const { content: now } = await SystemMailModel.findById(_id).lean().orFail();
    expect((now as Sealed).kid).toBe(keyId(present));
    expect(openContent(_id, now as Sealed)).toBe('x');
  });

  it('seals the secrets of webhooks anew, too', async () => {
    const _id = new Types.ObjectId();
    const secrets = seal(JSON.stringify({ present: 'whsec_a', previous: [] }), webhookContext(_id), [previous]);
    const fields = { business: new Types.ObjectId(), place: 0, name: 'x', url: 'https://x.test/', secrets };
    await WebhookEndpointModel.create({ _id, ...fields });
    expect(await rewrap()).toEqual({ rewrapped: 2, present: 0, unreadable: 0 });
    const now = await WebhookEndpointModel.findById(_id).lean().orFail();
    expect((now.secrets as Sealed).kid).toBe(keyId(present));
    expect(openSecrets(_id, now.secrets as Sealed).present).toBe('whsec_a');
  });

  it('leaves what no known key opens as it is, and the canary with it', async () => {
    const lost = await business(foreign);
    await business(previous);
    expect(await rewrap()).toEqual({ rewrapped: 2, present: 0, unreadable: 2 });
    expect(((await read(lost._id)).sesConfiguration.secretAccessKey as Sealed).kid).toBe(keyId(foreign));
    expect(await canaryKey()).toBe(keyId(previous));
  });

  it('says at the start that neither key is the one', async () => {
    await SettingModel.updateOne({ _id: CANARY }, { $set: { value: seal(CANARY, CANARY, [foreign]) } });
    await expect(checkEncryptionKey()).rejects.toThrow(/ENCRYPTION_KEY is not the key .* ENCRYPTION_KEY_PREVIOUS/);
  });
});
