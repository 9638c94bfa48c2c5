import { readdirSync } from 'node:fs';
import { endpointsOf } from '../../src/docs/endpoints.js';
import type { ApiDocument, ApiOperation } from '../../src/openapi.js';
import type { Mount } from '../../src/routes/index.js';

/** What the SDK leaves out: a path, or with a slash at its end all below it; and why. */
export const NOT_A_TENANTS: Readonly<Record<string, string>> = {
  '/api/health': 'for whoever watches the hub',
  '/api/health/ready': 'for whoever watches the hub',
  '/api/auth/': 'how people sign in',
  '/reset-password': 'a page behind a mailed link',
  '/accept-invitation': 'a page behind a mailed link',
  '/api/inbound/': 'called by Amazon',
  '/api/admin/': 'for the administrators of the hub',
  '/api/business/domains/{id}/prove': 'for the administrators of the hub',
  '/api/openapi.json': 'documentation',
  '/api/docs': 'documentation',
  '/t/': 'links in messages',
  '/u/': 'links in messages',
};

/** An operation of a tenant, as the document has it. */
export interface TenantOperation {
  /** `POST /api/campaigns/{id}/send`. */
  key: string;
  /** What its schema is called in `src/schemas`: `SendCampaign`. */
  name: string;
  operation: ApiOperation;
}

/** Everything that a project may do with the hub, in the order of the document. @throws Error for one without a name. */
export async function tenantOperations({ paths }: ApiDocument, mounts: readonly Mount[]): Promise<TenantOperation[]> {
  const names = await namesOf(mounts);
  return Object.entries(paths)
    .filter(([path]) => !isLeftOut(path))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => {
        const key = `${method.toUpperCase()} ${path}`;
        const name = names.get(key);
        if (!name) throw new Error(`${key} has no schema that src/schemas exports`);
        return { key, name, operation };
      }),
    );
}

/** Whether a path is one that stands in the list. */
export const isMeant = (path: string, one: string) => path === one || (one.endsWith('/') && path.startsWith(one));

const isLeftOut = (path: string) => Object.keys(NOT_A_TENANTS).some((one) => isMeant(path, one));

/** The exports of `src/schemas`, by the operations that use them. */
async function namesOf(mounts: readonly Mount[]): Promise<Map<string, string>> {
  const folder = new URL('../../src/schemas/', import.meta.url);
  const exported = new Map<unknown, string>();
  for (const file of readdirSync(folder)) {
    const module: Record<string, unknown> = await import(new URL(file, folder).href);
    for (const [name, value] of Object.entries(module)) exported.set(value, name);
  }
  return new Map(
    endpointsOf(mounts).flatMap(({ method, path, operation }) => {
      const name = exported.get(operation);
      return name ? [[`${method.toUpperCase()} ${path.replace(/:(\w+)/g, '{$1}')}`, name] as const] : [];
    }),
  );
}
