import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { endpointsOf } from '../../src/docs/endpoints.js';
import { mounts } from '../../src/routes/index.js';
import { once, register } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';

useHub();

const UNITS = { kb: 1_024, mb: 1_048_576 };

function bytesOf(limit: string): number {
  const [, count, unit] = /^(\d+)(kb|mb)$/.exec(limit) ?? [];
  return Number(count) * UNITS[unit as keyof typeof UNITS];
}

/** Every endpoint that takes a body, the most that it takes. */
const limited = endpointsOf(mounts).flatMap(({ method, path, operation }) => {
  // Pages take whatever a mail program posts, and what SNS posts has a test of its own.
  if (method === 'get' || !operation || operation.answersWith || path.startsWith('/api/inbound')) return [];
  const limit = operation.bodyLimit ?? '256kb';
  return [{ method: method as 'post' | 'put' | 'patch' | 'delete', path, limit }];
});

const somebody = once(() => register());

describe('the body of', () => {
  it.each(limited)('$method $path is $limit at the most', async ({ method, path, limit }) => {
    const { token } = await somebody();
    const url = path.replace(/:\w+/g, String(new Types.ObjectId()));
    const send = (bytes: number) => {
      const frame = JSON.stringify({ unknown: '' }).length;
      return api()
        [method](url)
        .auth(token, { type: 'bearer' })
        .send({ unknown: 'x'.repeat(bytes - frame) });
    };
    const refused = await send(bytesOf(limit) + 1);
    // What is for administrators of the hub is refused before its body is read.
    const isReached = refused.status !== 403;
    if (isReached) expect(refused.body).toMatchObject({ success: false, code: 'payload_too_large' });
    expect(refused.status).toBe(isReached ? 413 : 403);
    if (isReached) expect((await send(bytesOf(limit))).status).toBe(422);
  });

  it('most endpoints is small: only content and lists are larger', () => {
    const larger = limited.filter(({ limit }) => limit !== '256kb').map(({ method, path }) => `${method} ${path}`);
    expect(larger.sort()).toEqual([
      'patch /api/campaigns/:id',
      'patch /api/templates/:id',
      'post /api/campaigns',
      'post /api/campaigns/:id/recipients',
      'post /api/emails',
      'post /api/emails/batch',
      'post /api/suppressions/import',
      'post /api/templates',
    ]);
  });
});
