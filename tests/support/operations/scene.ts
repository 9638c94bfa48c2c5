import { BusinessModel } from '../../../src/models/business.js';
import { KEY_PERMISSIONS, type Permission, USER_PERMISSIONS } from '../../../src/permissions.js';
import * as users from '../../../src/services/users.js';
import { apiKey, connectSes, type Registered, register, sendsFrom, superAdmin, unique } from '../factories.js';
import { api } from '../hub.js';
import { ses } from '../sending.js';

/** A tenant for whom operations are called. */
export interface Scene extends Registered {
  /** Stands in every name, address and text of the tenant's, and in nobody else's. */
  word: string;
  /** The domain it sends from. */
  domain: string;
  /** The token of an administrator of the hub. */
  root: string;
}

/** A business whose data all bear a word of its own. */
export async function scene(root?: string): Promise<Scene> {
  const word = unique('w');
  const domain = `${word}.test`;
  const who = await register({
    businessName: `${word} Ltd`,
    domain,
    email: `admin@${domain}`,
    name: `${word} Admin`,
  });
  await sendsFrom(who, domain);
  return { ...who, word, domain, root: root ?? (await superAdmin()) };
}

/** Sees to it that the tenant has an SES account that takes what comes, also after it was disconnected. */
export async function withSes({ businessId, ...who }: Scene): Promise<void> {
  const isConnected = await BusinessModel.exists({ _id: businessId, 'sesConfiguration.verified': true });
  if (isConnected) return;
  const accessKeyId = `AKIA${who.word.toUpperCase()}`;
  await ses().changeAccount(accessKeyId, { maxSendRate: 1_000, max24HourSend: -1 });
  await connectSes({ ...who, businessId }, accessKeyId);
}

/** A user of the tenant's with these permissions, signed in. @returns the token. */
export async function userWith({ word, businessId }: Scene, permissions: readonly Permission[]): Promise<string> {
  const email = `${unique('user')}@${word}.test`;
  const held = USER_PERMISSIONS.filter((permission) => permissions.includes(permission));
  const business = await BusinessModel.findById(businessId).lean().orFail();
  await users.create({
    ...{ email, name: `${word} User`, password: 'Test123!', permissions: held },
    role: 'business_user',
    business: business._id,
  });
  const answer = await api().post('/api/auth/login').send({ email, password: 'Test123!' });
  if (answer.status !== 200) throw new Error(`userWith: ${answer.status} ${answer.text}`);
  return answer.body.token;
}

/** Everything but these. */
export const allBut = (lacking: readonly Permission[]): Permission[] =>
  KEY_PERMISSIONS.filter((permission) => !lacking.includes(permission));

/** A key of the tenant's with these permissions, as it is shown once. */
export const keyWith = (who: Scene, permissions: readonly Permission[]): Promise<string> => apiKey(who, permissions);
