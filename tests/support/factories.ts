import { randomBytes } from 'node:crypto';
import { BusinessModel } from '../../src/models/business.js';
import { USER_PERMISSIONS } from '../../src/permissions.js';
import * as users from '../../src/services/users.js';
import { api } from './hub.js';

/** A word nobody else in the run uses. */
export function unique(prefix = 'x'): string {
  return `${prefix}${randomBytes(5).toString('hex')}`;
}

/** A business and its first admin, made through the API. */
export interface Registered {
  token: string;
  businessId: string;
  userId: string;
  email: string;
  password: string;
}

/** Registers a business. @throws Error with the answer when that fails. */
export async function register(overrides: Record<string, unknown> = {}): Promise<Registered> {
  const name = unique('biz');
  const body = {
    businessName: `Business ${name}`,
    domain: `${name}.test`,
    email: `admin@${name}.test`,
    password: 'Test123!',
    name: 'Admin',
    ...overrides,
  };
  const answer = await api().post('/api/auth/register').send(body);
  if (answer.status !== 201) throw new Error(`register: ${answer.status} ${answer.text}`);
  const { token, business, user } = answer.body;
  return { token, businessId: business.id, userId: user.id, email: body.email, password: body.password };
}

/** Lets the business send from a domain, without asking SES or DNS. */
export async function sendsFrom({ businessId }: Registered, domain: string): Promise<void> {
  await BusinessModel.updateOne(
    { _id: businessId },
    { $push: { sendingDomains: { domain, verified: true, status: 'verified' } } },
  );
}

/** Connects an SES account of its own to the business, and lets it send from example.com. @returns its access key id. */
export async function connectSes(who: Registered, accessKeyId = `AKIA${unique().toUpperCase()}`): Promise<string> {
  const answer = await api()
    .put('/api/business/ses')
    .auth(who.token, { type: 'bearer' })
    .send({ accessKeyId, secretAccessKey: `secret-${accessKeyId}`, region: 'eu-west-1' });
  if (answer.status !== 200) throw new Error(`connectSes: ${answer.status} ${answer.text}`);
  await sendsFrom(who, 'example.com');
  return accessKeyId;
}

/** Makes an API key with the given permissions. @returns the key as shown once. */
export async function apiKey(
  who: Registered,
  permissions: readonly string[],
  mode: 'live' | 'test' = 'live',
): Promise<string> {
  const answer = await api()
    .post('/api/business/api-keys')
    .auth(who.token, { type: 'bearer' })
    .send({ name: unique('key'), permissions, mode });
  if (answer.status !== 201) throw new Error(`apiKey: ${answer.status} ${answer.text}`);
  return answer.body.apiKey.key;
}

/** An administrator of the hub, made as `npm run create-admin` makes one. @returns the token. */
export async function superAdmin(): Promise<string> {
  const email = `${unique('root')}@hub.test`;
  await users.create({
    email,
    name: 'Root',
    password: 'Test123!',
    role: 'super_admin',
    permissions: USER_PERMISSIONS,
  });
  const answer = await api().post('/api/auth/login').send({ email, password: 'Test123!' });
  if (answer.status !== 200) throw new Error(`superAdmin: ${answer.status} ${answer.text}`);
  return answer.body.token;
}

/** For tests of refusals, which change nothing: the same one for all of them, since each password costs a bcrypt. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
