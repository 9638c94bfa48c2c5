import { describe, expect, it } from 'vitest';
import { document } from '../../src/openapi.js';
import { KEY_PERMISSIONS } from '../../src/permissions.js';
import { mounts } from '../../src/routes/index.js';
import { apiKey, once, type Registered, register } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';

useHub();

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

const operations = Object.entries(document(mounts).paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { security, 'x-permissions': permissions = [] }]) => ({
    name: `${method} ${path}`,
    method: method as Method,
    path: path.replace(/\{\w+\}/g, '0'.repeat(24)),
    isPublic: security.length === 0,
    takesKeys: security.some((scheme) => 'apiKey' in scheme),
    permissions,
  })),
);
const signedIn = operations.filter(({ isPublic }) => !isPublic);

/** What no key does: make keys or users, change credentials and permissions, see a secret, administer the hub, be somebody. */
const FORBIDDEN = [
  /^\w+ \/api\/users\b/,
  /^\w+ \/api\/admin\b/,
  /^\w+ \/api\/auth\b/,
  /^\w+ \/api\/business\/api-keys\b/,
  /^(put|delete) \/api\/business\/ses$/,
  /^(post|put) \/api\/business\/events-setup\b/,
  /^post \/api\/business\/domains\/\{id\}\/prove$/,
  /^\w+ \/api\/webhooks.*secret/,
];

const call = ({ method, path }: { method: Method; path: string }, key: string) =>
  api()[method](path).set('X-API-Key', key).redirects(0);

const owner = once(register);
const almighty = once(async () => apiKey((await owner()) as Registered, KEY_PERMISSIONS));
const transactional = once(async () => apiKey((await owner()) as Registered, ['send_transactional']));

describe('an API key with every permission', () => {
  it('is told by the documentation from where it is shut out', () => {
    const open = signedIn.filter(({ takesKeys, name }) => takesKeys && FORBIDDEN.some((one) => one.test(name)));
    expect(open.map(({ name }) => name)).toEqual([]);
    const shut = signedIn.filter(({ takesKeys }) => !takesKeys).map(({ name }) => name);
    expect(shut).toEqual(
      expect.arrayContaining([
        'post /api/users',
        'post /api/users/invite',
        'patch /api/users/{id}',
        'post /api/business/api-keys',
        'post /api/business/api-keys/{id}/rotate',
        'put /api/business/ses',
        'delete /api/business/ses',
        'post /api/business/events-setup/rotate',
        'get /api/auth/me',
        'patch /api/admin/businesses/{id}',
      ]),
    );
  });

  it.each(signedIn.filter(({ takesKeys }) => !takesKeys))('is refused by $name', async (operation) => {
    const { status, body } = await call(operation, await almighty());
    expect([status, body.code]).toEqual([403, 'forbidden']);
  });

  it.each(signedIn.filter(({ takesKeys }) => takesKeys))('is let in by $name', async (operation) => {
    const { status } = await call(operation, await almighty());
    expect([401, 403, 500]).not.toContain(status);
  });
});

describe('an API key for transactional mail alone', () => {
  it.each(signedIn.filter(({ permissions }) => !permissions.includes('send_transactional')))(
    'is refused by $name',
    async (operation) => {
      const { status, body } = await call(operation, await transactional());
      expect([status, body.code]).toEqual([403, 'forbidden']);
    },
  );

  it('reaches nothing but /api/emails', () => {
    const reached = operations.filter(({ permissions }) => permissions.includes('send_transactional'));
    expect(reached.filter(({ path }) => !path.startsWith('/api/emails'))).toEqual([]);
  });
});
