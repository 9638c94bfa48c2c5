import type { Request, Response } from 'express';
import * as audit from '../services/audit.js';
import type { Caller, Tenant } from '../tenant.js';

/** What changes nothing. */
const READS = ['GET', 'HEAD', 'OPTIONS'];

const ID = /^[0-9a-f]{24}$/;

/** Who acts by a request, for the audit log. */
export function actorOf({ caller, res }: { caller: Caller; res: Response }): audit.UserActor {
  return { caller, requestId: res.locals.requestId, entry: res.locals.auditEntry };
}

/**
 * Writes into the audit log what an administrator of the hub does within a business, before it is done: the route's
 * pattern and the ids in it, never a body. How it ended is written before the answer goes out, also to a caller who has
 * gone away meanwhile.
 * @throws MongoDB's error where the log cannot be written; the request goes no further then.
 */
export async function auditActing(req: Request, res: Response, caller: Caller, tenant: Tenant): Promise<void> {
  if (READS.includes(req.method)) return;
  const entry = await audit.begin(actorOf({ caller, res }), {
    action: `tenant.${req.method} ${patternOf(req, res)}`,
    business: tenant.businessId,
    detail: idsOf(req),
  });
  res.locals.auditEntry = entry;
  beforeEnd(res, () => audit.conclude(entry, outcomeOf(res.statusCode)));
}

function patternOf({ route }: Request, { locals: { mount = '' } }: Response): string {
  return route.path === '/' ? mount : `${mount}${route.path}`;
}

/** What is no id may be anything that somebody typed. */
function idsOf({ params }: Request): Record<string, string> | undefined {
  const ids = Object.entries(params).filter((one): one is [string, string] => ID.test(String(one[1])));
  return ids.length > 0 ? Object.fromEntries(ids) : undefined;
}

function outcomeOf(status: number) {
  if (status < 400) return 'done';
  return status < 500 ? 'refused' : 'failed';
}

/** Holds the end of an answer back until `work`, which must not reject, is done. */
function beforeEnd(res: Response, work: () => Promise<void>): void {
  const end = res.end;
  res.end = ((...args: unknown[]) => {
    res.end = end;
    void work().then(() => Reflect.apply(end, res, args));
    return res;
  }) as Response['end'];
}
