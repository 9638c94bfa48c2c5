import type { Request, Response } from 'express';
import { invalid, unauthenticated } from '../errors.js';
import type { Operation } from '../schemas/operation.js';
import { fingerprints } from '../secrets.js';
import type { KeyedRequest } from '../services/idempotency.js';

const KEY = /^[\x20-\x7e]{1,255}$/;

/**
 * How a request names itself by its `Idempotency-Key`; undefined where it does not, or the operation does not honour keys.
 * One on a streamed import is ignored: nothing could tell two files apart without reading both, and to send one again is
 * safe. So it is on `/api/auth`, where clients that send one with every POST must still get in.
 * @throws AppError `validation_failed` for a key that is empty or longer than 255 characters.
 */
export function keyedRequest(operation: Operation, req: Request, res: Response): KeyedRequest | undefined {
  const key = req.get('idempotency-key');
  if (key === undefined || !operation.idempotent) return undefined;
  if (operation.streams && req.is([...operation.streams])) return undefined;
  if (!KEY.test(key)) {
    throw invalid([{ path: 'Idempotency-Key', message: 'must have 1 to 255 characters of printable ASCII' }]);
  }
  const { caller, tenant, mount = '' } = res.locals;
  if (!caller) throw unauthenticated();
  const pattern = `${mount}${req.route?.path ?? req.path}`;
  // By pattern and ids: Express takes /API/Campaigns/ for the same path.
  const path = pattern.replace(/\/$/, '').replace(/:(\w+)/g, (_match, name: string) => String(req.params[name]));
  const route = `${req.method} ${path}`;
  return {
    business: tenant?.businessId ?? null,
    principal: `${caller.kind}:${caller.id.toHexString()}`,
    route,
    key,
    fingerprints: fingerprints(canonical([route, req.query, req.body ?? {}])),
  };
}

/** JSON in one spelling: the order of fields says nothing. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
