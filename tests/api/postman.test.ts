import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Collection } from '../../scripts/postman/format.js';
import { variableOf } from '../../scripts/postman/variables.js';
import { USER_PERMISSIONS } from '../../src/permissions.js';
import { startWorkers } from '../../src/queue/workers.js';
import * as users from '../../src/services/users.js';
import { unique } from '../support/factories.js';
import { useHub } from '../support/hub.js';
import type { Call } from '../support/operations/case.js';
import { caseOf, operations } from '../support/operations/index.js';
import { credentials } from '../support/operations/request.js';
import { type Scene, scene } from '../support/operations/scene.js';
import { type Placed, requestsOf, send } from '../support/postman.js';
import { useServer } from '../support/server.js';

const FILE = new URL('../../docs/postman/power-mta-hub.postman_collection.json', import.meta.url);
const collection: Collection = JSON.parse(readFileSync(FILE, 'utf8'));
const requests = requestsOf(collection);

useHub();
const ask = useServer();

const asImported = () => new Map(collection.variable.map(({ key, value }) => [key, value]));

/** The document's name of the operation: `POST /api/campaigns/{id}/send`. */
function operationOf({ item: { request } }: Placed): string {
  return `${request.method} /${request.url.path.join('/').replace(/:(\w+)/g, '{$1}')}`;
}

/** What a person has set, and the requests before have stored, when this call comes. */
function variablesOf(placed: Placed, own: Scene, call: Call): Map<string, string> {
  const name = operationOf(placed);
  const variables = asImported();
  const set = (values: Record<string, string>) => {
    for (const [key, value] of Object.entries(values)) variables.set(key, value);
  };
  set({ domain: own.domain, email: own.email, password: own.password, newPassword: 'Test456!' });
  set({ personEmail: `${unique('p')}@${own.domain}`, personPassword: 'Test123!', businessId: own.businessId });
  set({ sesAccessKeyId: `AKIA${own.word.toUpperCase()}`, sesSecretAccessKey: `secret-${own.word}` });
  const { authorization = '' } = credentials(caseOf(name), own, call) as { authorization?: string };
  set({ token: authorization.slice('Bearer '.length), adminToken: own.root });
  const path = name.slice(name.indexOf('/'));
  for (const [parameter, value] of Object.entries(call.params ?? {})) set({ [variableOf(path, parameter)]: value });
  if (placed.item.request.body?.options.raw.language === 'json') {
    bind(JSON.parse(placed.item.request.body.raw), call.body, (key, value) => set({ [key]: value }));
  }
  return variables;
}

/** Where the collection's body has a variable and the valid call's a value, the variable has the value. */
function bind(body: unknown, valid: unknown, set: (key: string, value: string) => void): void {
  if (typeof body === 'string') {
    const [, key] = /^\{\{([^{} ]+)\}\}$/.exec(body) ?? [];
    if (key && typeof valid === 'string') set(key, valid);
  } else if (typeof body === 'object' && body !== null && typeof valid === 'object' && valid !== null) {
    for (const [key, inner] of Object.entries(body)) bind(inner, (valid as Record<string, unknown>)[key], set);
  }
}

describe('each request of the Postman collection', () => {
  let own: Scene;
  beforeAll(async () => {
    own = await scene();
  });

  const plain = requests.filter(({ item }) => !/^(Use an API key|Sign in as an)/.test(item.name));
  it.each(plain.map((placed) => [`${placed.folder}: ${placed.item.name}`, placed] as const))(
    '%s, answers as its test says',
    async (_name, placed) => {
      const found = caseOf(operationOf(placed));
      const call = await found.make(own);
      const variables = variablesOf(placed, own, call);
      const workers = found.needsWorker ? startWorkers() : undefined;
      try {
        const { reply, tests } = await send(placed, { collection, variables }, ask);
        expect(tests, reply.text.slice(0, 500)).toEqual([{ name: `answers ${reply.status}`, error: undefined }]);
        const documented = operations.find(({ name }) => name === operationOf(placed))?.operation.responses ?? {};
        expect(String(reply.status)).toBe(Object.keys(documented).find((status) => /^[23]/.test(status)));
      } finally {
        await workers?.close();
      }
    },
  );
});

describe('the Postman collection, one request after the other', () => {
  const named = (folder: string, name: string): Placed => {
    const found = requests.find((one) => one.folder === folder && one.item.name === name);
    if (!found) throw new Error(`the collection has no request ${folder}: ${name}`);
    return found;
  };

  it('carries tokens, keys and ids from each answer to the requests that follow', async () => {
    const variables = asImported();
    const word = unique('w');
    variables.set('domain', `${word}.test`).set('email', `admin@${word}.test`).set('password', 'Test123!');
    variables.set('personEmail', `ann@${word}.test`).set('personPassword', 'Test123!');
    const steps = [
      ['Sign-in', 'Register a business and its first administrator'],
      ['Sign-in', 'Sign in'],
      ['Sign-in', 'The signed-in user and the business'],
      ['Users', 'Make a user'],
      ['Users', 'Change a user, deactivate him or let him in again'],
      ['API keys', 'Make an API key'],
      ['API keys', 'Use an API key'],
      ['API keys', 'Replace an API key'],
      ['API keys', 'Use an API key'],
      ['Templates', 'Create a template'],
      ['Templates', 'Show what a template makes of some variables'],
      ['Campaigns', 'Create a campaign'],
      ['Recipients', 'Add recipients to a campaign that is not launched yet'],
      ['Recipients', 'Add recipients to a campaign that is not launched yet, from a CSV file'],
      ['Recipients', 'The recipients of a campaign'],
      ['Recipients', 'Take a recipient out of a campaign that is not launched yet'],
      ['The life of a campaign', 'Check what would happen if the campaign were sent now'],
      ['The life of a campaign', 'Have a draft sent at a time'],
      ['The life of a campaign', 'Make a scheduled campaign a draft again'],
      ['Campaigns', 'Make a draft like this campaign, without its recipients'],
      ['Suppressions', 'Write to an address no more'],
      ['Suppressions', 'Take an address off the list, or one of its reasons'],
      ['Campaigns', 'Delete a campaign that was never launched, or archive one that is over'],
      ['Sign-in', 'Sign out everywhere'],
    ] as const;
    for (const [folder, name] of steps) {
      const { reply, tests } = await send(named(folder, name), { collection, variables }, ask);
      expect(tests, `${name}: ${reply.text}`).toMatchObject([{ error: undefined }]);
    }
    expect(variables.get('businessId')).toMatch(/^[0-9a-f]{24}$/);
    // The token that it held is nobody's any more.
    const { tests } = await send(named('Business', 'The business'), { collection, variables }, ask);
    expect(tests).toMatchObject([{ error: expect.stringContaining('401') }]);
  });

  it('signs an administrator of the hub in, beside the user of a business', async () => {
    const variables = asImported();
    const own = await scene();
    variables.set('token', own.token).set('businessId', own.businessId);
    const email = `${unique('root')}@hub.test`;
    const password = 'Test123!';
    await users.create({ email, name: 'Root', password, role: 'super_admin', permissions: USER_PERMISSIONS });
    variables.set('adminEmail', email).set('adminPassword', password);
    for (const name of ['Sign in as an administrator of the hub', 'A business, by its id', 'The hub as a whole']) {
      const { reply, tests } = await send(named('Administration', name), { collection, variables }, ask);
      expect(tests, `${name}: ${reply.text}`).toMatchObject([{ error: undefined }]);
    }
    expect(variables.get('token')).toBe(own.token);
  });
});
