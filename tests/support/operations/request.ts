import type { Request } from '../server.js';
import type { Call, Case } from './case.js';
import type { Documented } from './index.js';
import type { Scene } from './scene.js';

/** A call of the operation as it goes over the wire. */
export function requestOf(
  { method, path }: Pick<Documented, 'method' | 'path'>,
  { params = {}, query = {}, body, type = 'application/json' }: Call,
  headers: Record<string, string> = {},
): Request {
  const filled = path.replace(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(params[name] ?? ''));
  const search = new URLSearchParams(query).toString();
  return {
    method,
    path: search ? `${filled}?${search}` : filled,
    headers: { ...(body === undefined ? {} : { 'content-type': type }), ...headers },
    body: typeof body === 'object' ? JSON.stringify(body) : body,
  };
}

/** The credentials by which a call is valid: of the tenant's admin, unless call or operation want somebody else's. */
export function credentials({ needs, isActedFor }: Case, { token, root, businessId }: Scene, call: Call = {}) {
  if (needs === 'nobody' || needs === 'link') return {};
  if (call.token) return bearer(call.token);
  if (needs === 'super_admin') return bearer(root);
  if (isActedFor) return { ...bearer(root), 'x-business-id': businessId };
  return bearer(token);
}

export const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
