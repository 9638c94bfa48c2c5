import { ACCESS, type Access } from '../middleware/authorize.js';
import { USERS_ONLY } from '../middleware/users-only.js';
import { OPERATION } from '../middleware/validate.js';
import type { Mount } from '../routes/index.js';
import type { Operation } from '../schemas/operation.js';

/** One method of one path, as the routers have it. */
export interface Endpoint {
  method: string;
  /** Express's path, e.g. `/api/templates/:id`. */
  path: string;
  tag: string;
  /** Absent where a route does not say what it is: a test refuses that. */
  operation?: Operation;
  /** The permissions one of which is needed; absent where nobody has to be signed in. */
  access?: readonly Access[];
  /** API keys are refused, whatever they hold. */
  isUsersOnly: boolean;
}

/** Every endpoint that is mounted, in the order of the table. */
export function endpointsOf(mounts: readonly Mount[]): Endpoint[] {
  return mounts.flatMap(({ path, tag, router }) =>
    router.stack.flatMap(({ route }) => {
      if (!route) return [];
      const handlers = route.stack.map(({ handle }) => handle as Marked);
      const methods = new Set(route.stack.map(({ method }) => method));
      const operation = handlers.find((handler) => handler[OPERATION])?.[OPERATION];
      const access = handlers.find((handler) => handler[ACCESS])?.[ACCESS];
      // No key is an administrator of the hub.
      const isUsersOnly = handlers.some((handler) => handler[USERS_ONLY]) || Boolean(access?.includes('super_admin'));
      const marks = { ...(operation ? { operation } : {}), ...(access ? { access } : {}), isUsersOnly };
      return [...methods].map((method) => ({ method, path: join(path, route.path), tag, ...marks }));
    }),
  );
}

/** A handler with the marks that `authorize`, `usersOnly`, `handle` and `describe` leave on it. */
interface Marked {
  [OPERATION]?: Operation;
  [ACCESS]?: readonly Access[];
  [USERS_ONLY]?: true;
}

function join(mount: string, path: string): string {
  return path === '/' ? mount : `${mount}${path}`;
}
