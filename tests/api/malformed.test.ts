import { randomInt } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../src/errors.js';
import type { ApiResponse } from '../../src/openapi.js';
import { changes, type Snapshot, snapshot } from '../support/database.js';
import { useHub } from '../support/hub.js';
import { isValidated, malformed } from '../support/malformed/generator.js';
import type { Call } from '../support/operations/case.js';
import { api, caseOf, type Documented, operations } from '../support/operations/index.js';
import { credentials } from '../support/operations/request.js';
import { type Scene, scene } from '../support/operations/scene.js';
import { jsonOf, type Reply, type Request, useServer } from '../support/server.js';

/** The run can be had again: `MALFORMED_SEED=... npx vitest run tests/api/malformed.test.ts`. */
const SEED = Number(process.env.MALFORMED_SEED ?? randomInt(2 ** 31));
const TOTAL = 5_000;
const LEAST = 50;
/** Of all inputs, those that are to be read, understood and found wrong. */
const SHARE = 0.9;

useHub();
const ask = useServer(16);

const validated = operations.filter(isValidated).length;
const rest = (operations.length - validated) * LEAST;

/**
 * What is not validated gets the least. Of the others one input each cannot be read, so they get as many as make up for both:
 * `validated * (count - 1)` is the share of `validated * count + rest`.
 */
const enough = Math.ceil((validated + SHARE * rest) / ((1 - SHARE) * validated));
const countOf = (documented: Documented) =>
  isValidated(documented) ? Math.max(LEAST, enough, Math.ceil((TOTAL - rest) / validated)) : LEAST;

let own: Scene;
let last: Snapshot;
const calls = new Map<string, Call>();
const statuses = new Map<number, number>();

beforeAll(async () => {
  own = await scene();
  for (const { name } of operations) calls.set(name, await caseOf(name).make(own));
  last = await snapshot();
});

describe('malformed input', () => {
  it.each(operations)('of $name is refused, and changes nothing', async (documented) => {
    const call = calls.get(documented.name) ?? {};
    const headers = credentials(caseOf(documented.name), own, call);
    const inputs = malformed(documented, call, headers, { seed: SEED, count: countOf(documented) });
    const replies = await Promise.all(inputs.map(ask));
    for (const { status } of replies) statuses.set(status, (statuses.get(status) ?? 0) + 1);
    const wrong = replies.flatMap((reply, n) => {
      const problem = problemOf(documented, reply);
      return problem ? [`${problem}: ${shown(inputs[n])}: ${reply.status} ${reply.text.slice(0, 300)}`] : [];
    });
    expect(wrong.slice(0, 5), `MALFORMED_SEED=${SEED}: ${wrong.length} of ${inputs.length}`).toEqual([]);
    const earlier = last;
    last = await snapshot();
    expect(changes(earlier, last), `MALFORMED_SEED=${SEED}`).toEqual([]);
  });

  it('was 5,000 inputs or more, nine tenths of which were read, understood and found wrong', async () => {
    const total = [...statuses.values()].reduce((sum, count) => sum + count, 0);
    expect(total).toBeGreaterThanOrEqual(TOTAL);
    expect((statuses.get(422) ?? 0) / total, JSON.stringify([...statuses])).toBeGreaterThanOrEqual(SHARE);
  });

  it('leaves the hub well', async () => {
    expect(await ask({ method: 'GET', path: '/api/health/ready' })).toMatchObject({ status: 200 });
  });
});

const CODES: Readonly<Record<number, readonly string[]>> = {
  400: ['malformed'],
  403: ['forbidden'],
  404: ['not_found'],
  413: ['payload_too_large'],
  415: ['unsupported_media_type'],
  422: ['validation_failed'],
};

/** What is wrong with an answer to malformed input, or undefined. */
function problemOf(documented: Documented, reply: Reply): string | undefined {
  const { status, headers } = reply;
  if (status >= 500) return 'a failure of the hub’s own';
  const response = documented.operation.responses[status];
  if (!response) return 'a status that the document does not name';
  if (status < 400) return isValidated(documented) ? 'it was let through' : undefined;
  const types = typesOf(response);
  if (!types.includes('application/json')) {
    return types.some((type) => headers['content-type']?.startsWith(type)) ? undefined : 'another type than documented';
  }
  const { success, message, code, requestId, errors } = jsonOf(reply) ?? {};
  if (success !== false || typeof message !== 'string' || !message) return 'not the form of a failure';
  if (!ERROR_CODES.some((one) => one === code) || !CODES[status]?.includes(String(code)))
    return 'a code of another status';
  if (requestId !== headers['x-request-id']) return 'not the request’s id';
  if (status === 422 && !areProblems(errors)) return 'a 422 that does not say what is wrong';
  return undefined;
}

function typesOf(response: ApiResponse | { $ref: string }): string[] {
  if (!('$ref' in response)) return Object.keys(response.content ?? {});
  const name = response.$ref.split('/').at(-1) ?? '';
  return Object.keys(api.components.responses[name]?.content ?? {});
}

function areProblems(errors: unknown): boolean {
  if (!Array.isArray(errors) || errors.length === 0) return false;
  return errors.every(({ path, message }) => typeof path === 'string' && typeof message === 'string' && message !== '');
}

function shown(request: Request | undefined): string {
  const { method, path, body = '', headers } = request ?? { method: '', path: '' };
  return `${method} ${path.slice(0, 200)} (${headers?.['content-type'] ?? 'no body'}) ${body.toString().slice(0, 300)}`;
}
