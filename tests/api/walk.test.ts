import { Types } from 'mongoose';
import { beforeAll, describe, expect, it } from 'vitest';
import { KEY_PERMISSIONS, type Permission } from '../../src/permissions.js';
import { startWorkers } from '../../src/queue/workers.js';
import * as keyFormat from '../../src/services/key-format.js';
import { once, unique } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import type { Call, Case, Needs } from '../support/operations/case.js';
import { idsIn } from '../support/operations/ids.js';
import { CASES, caseOf, type Documented, operations } from '../support/operations/index.js';
import { bearer, credentials, requestOf } from '../support/operations/request.js';
import { allBut, keyWith, type Scene, scene, userWith } from '../support/operations/scene.js';
import { naming, queriesOf } from '../support/queries.js';
import { jsonOf, type Reply, useServer } from '../support/server.js';
import { expired, signedAnew, signedByAnother, unsigned } from '../support/tokens.js';

useHub();
const ask = useServer();

let own: Scene;
let other: Scene;
/** A business that was suspended, with its people and keys. */
let suspended: { token: string; key: string };

beforeAll(async () => {
  own = await scene();
  other = await scene(own.root);
  const gone = await scene(own.root);
  suspended = { token: gone.token, key: await keyWith(gone, KEY_PERMISSIONS) };
  await api()
    .patch(`/api/admin/businesses/${gone.businessId}`)
    .auth(own.root, { type: 'bearer' })
    .send({ status: 'suspended' })
    .expect(200);
});

/** One user and one key for each permission that is lacked: each costs a bcrypt. */
const made = new Map<string, Promise<string>>();
function withAllBut(lacking: readonly Permission[], kind: 'user' | 'key'): Promise<string> {
  const name = `${kind} ${lacking.join()}`;
  const maker = kind === 'user' ? userWith : keyWith;
  const known = made.get(name) ?? maker(own, allBut(lacking));
  made.set(name, known);
  return known;
}

const isSignedIn = (needs: Needs) => needs !== 'nobody' && needs !== 'link';
const isTenants = (needs: Needs) => needs === 'business' || typeof needs === 'object';

/** What a caller would have to hold; what nobody but an administrator of the hub holds is lacked by everybody. */
const lackedBy = (needs: Needs): readonly Permission[] | undefined => {
  if (typeof needs === 'object') return needs;
  return needs === 'super_admin' ? [] : undefined;
};

const isKeyed = ({ operation }: Documented) =>
  operation.parameters.some((one) => '$ref' in one && one.$ref === '#/components/parameters/IdempotencyKey');

function refusal({ status, text }: Reply) {
  const { success, code } = jsonOf({ text }) ?? {};
  return { status, success, code };
}

const refused = (status: number, code: string) => ({ status, success: false, code });

describe('the table of operations', () => {
  it.each(operations)('has a case for $name', ({ name }) => {
    expect(caseOf(name)).toBeDefined();
  });

  it('has no case for what is no operation', () => {
    const names = operations.map(({ name }) => name);
    expect(Object.keys(CASES).filter((name) => !names.includes(name))).toEqual([]);
  });

  it.each(operations.filter(({ name }) => CASES[name]))(
    'says of $name what the document says',
    ({ name, operation }) => {
      const { needs, isUsersOnly } = caseOf(name);
      const schemes = operation.security.flatMap(Object.keys);
      const isForUsers = Boolean(isUsersOnly) || needs === 'super_admin';
      expect(schemes).toEqual(isSignedIn(needs) ? ['bearer', ...(isForUsers ? [] : ['apiKey'])] : []);
      const permissions = typeof needs === 'object' ? needs : needs === 'super_admin' ? [needs] : undefined;
      expect(operation['x-permissions']).toEqual(permissions);
    },
  );
});

describe('the forged tokens', () => {
  it('would be good if they were signed and in time', async () => {
    const answer = await ask({ method: 'GET', path: '/api/auth/me', headers: bearer(signedAnew(own.token)) });
    expect(answer.status).toBe(200);
  });
});

/** Who is nobody, by the headers he sends. */
const STRANGERS: readonly [who: string, headers: () => Record<string, string>][] = [
  ['no token', () => ({})],
  ['a wrong token', () => bearer('no-token')],
  ['an expired token', () => bearer(expired(own.token))],
  ['a token with alg none', () => bearer(unsigned(own.token))],
  ['a token signed with another secret', () => bearer(signedByAnother(own.token))],
  ['a key that nobody has', () => bearer(keyFormat.generate('live'))],
  ['a key in X-API-Key that nobody has', () => ({ 'x-api-key': keyFormat.generate('test') })],
  ['a token in X-API-Key', () => ({ 'x-api-key': own.token })],
  ['a password', () => ({ authorization: `Basic ${Buffer.from(`${own.email}:${own.password}`).toString('base64')}` })],
];

describe.each(operations.filter(({ name }) => CASES[name]))('$name', (documented) => {
  const found = caseOf(documented.name);
  const { needs } = found;
  const call = once(async () => found.make(own));
  const sent = async (headers: Record<string, string>) => ask(requestOf(documented, await call(), headers));
  const status = Number(Object.keys(documented.operation.responses).find((one) => /^[23]/.test(one)));

  if (isSignedIn(needs)) refuses(found, sent);
  if (isTenants(needs)) wantsBusiness(sent);
  const params = idsIn('path', documented);
  if (params.length > 0 && isTenants(needs)) keepsApart(documented, found, params);
  if (params.length > 0 && needs === 'super_admin') {
    it('answers 404 to an id that is not there', async () => {
      const absent = Object.fromEntries(params.map((name) => [name, String(new Types.ObjectId())]));
      const asked = { ...(await call()), params: absent };
      expect(refusal(await ask(requestOf(documented, asked, bearer(own.root))))).toEqual(refused(404, 'not_found'));
    });
  }

  if (isKeyed(documented) && !found.needsWorker) {
    it('does once what comes twice with an Idempotency-Key', async () => {
      const fresh = await found.make(own);
      const headers = { ...credentials(found, own, fresh), 'idempotency-key': unique() };
      const [first, second] = [
        await ask(requestOf(documented, fresh, headers)),
        await ask(requestOf(documented, fresh, headers)),
      ];
      expect({ status: first.status, text: first.text.slice(0, 500) }).toMatchObject({ status });
      expect(second).toMatchObject({ status, text: first.text, headers: { 'idempotent-replayed': 'true' } });
    });
  }

  it(`answers ${status} to a valid call`, async () => {
    const workers = found.needsWorker ? startWorkers() : undefined;
    try {
      const answer = await sent(credentials(found, own, await call()));
      expect({ status: answer.status, text: answer.text.slice(0, 500) }).toMatchObject({ status });
    } finally {
      await workers?.close();
    }
  });
});

/** 401 to whoever is nobody, 403 to whoever may not. */
function refuses({ needs, isUsersOnly }: Case, sent: (headers: Record<string, string>) => Promise<Reply>) {
  it.each(STRANGERS)('answers 401 to %s', async (_who, headers) => {
    const answer = await sent(headers());
    expect(refusal(answer)).toEqual(refused(401, 'unauthenticated'));
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
  });

  const lacking = lackedBy(needs);
  if (lacking) {
    it('answers 403 to a key without the permission', async () => {
      const key = await withAllBut(lacking, 'key');
      for (const headers of [bearer(key), { 'x-api-key': key }]) {
        expect(refusal(await sent(headers))).toEqual(refused(403, 'forbidden'));
      }
    });

    it('answers 403 to a user without the permission', async () => {
      expect(refusal(await sent(bearer(await withAllBut(lacking, 'user'))))).toEqual(refused(403, 'forbidden'));
    });
  }

  if (isUsersOnly) {
    it('answers 403 to a key with every permission', async () => {
      expect(refusal(await sent(bearer(await withAllBut([], 'key'))))).toEqual(refused(403, 'forbidden'));
    });
  }

  it('answers 403 to the people and keys of a suspended business', async () => {
    for (const credential of [suspended.token, suspended.key]) {
      expect(refusal(await sent(bearer(credential)))).toEqual(refused(403, 'business_inactive'));
    }
  });

  it('answers 403 to anybody but an administrator of the hub who names a business', async () => {
    const key = await withAllBut([], 'key');
    for (const credential of [own.token, key]) {
      for (const { businessId } of [own, other]) {
        const answer = await sent({ ...bearer(credential), 'x-business-id': businessId });
        expect(refusal(answer)).toEqual(refused(403, 'forbidden'));
      }
    }
  });
}

/** An administrator of the hub has no business of his own. */
function wantsBusiness(sent: (headers: Record<string, string>) => Promise<Reply>) {
  it('answers 422 to a super_admin who names no business', async () => {
    expect(refusal(await sent(bearer(own.root)))).toEqual(refused(422, 'business_required'));
  });

  it('answers 404 to a super_admin who names a business that is not there', async () => {
    for (const id of [String(new Types.ObjectId()), 'no-id']) {
      const answer = await sent({ ...bearer(own.root), 'x-business-id': id });
      expect(refusal(answer)).toEqual(refused(404, 'not_found'));
    }
  });
}

/** Another business's id is as absent as one that nobody has: the same answer, by the same queries. */
function keepsApart(documented: Documented, found: Case, params: readonly string[]) {
  const theirs = once(async () => found.make(own));
  const ours = once(async () => found.make(other));
  const asked = async (call: Call) => {
    let reply: Reply | undefined;
    const request = requestOf(documented, call, credentials(found, other, call));
    const queries = await queriesOf(async () => {
      reply = await ask(request);
    });
    const { requestId, ...body } = jsonOf(reply ?? { text: '' }) ?? {};
    return { status: reply?.status, body, queries };
  };

  it.each(params)('answers another business’s %s as one that is not there', async (name) => {
    const [call, foreign] = [await ours(), (await theirs()).params?.[name] ?? ''];
    const absent = String(new Types.ObjectId());
    const [toForeign, toAbsent] = [
      await asked({ ...call, params: { ...call.params, [name]: foreign } }),
      await asked({ ...call, params: { ...call.params, [name]: absent } }),
    ];
    expect(toForeign).toMatchObject({ status: 404, body: { success: false, code: 'not_found' } });
    expect(toForeign.body).toEqual(toAbsent.body);
    expect(naming(foreign, toForeign.queries)).toEqual(naming(absent, toAbsent.queries));
    const unbound = toForeign.queries.filter((query) => query.includes(foreign) && !query.includes(other.businessId));
    expect(unbound).toEqual([]);
  });
}
