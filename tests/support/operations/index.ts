import './settings.js';

import { type ApiDocument, type ApiOperation, document } from '../../../src/openapi.js';
import { mounts } from '../../../src/routes/index.js';
import { admin } from './admin.js';
import { apiKeys } from './api-keys.js';
import { auth } from './auth.js';
import { business } from './business.js';
import { campaignLife } from './campaign-life.js';
import { campaigns } from './campaigns.js';
import type { Case, Cases } from './case.js';
import { domains } from './domains.js';
import { emails } from './emails.js';
import { events } from './events.js';
import { eventsSetup } from './events-setup.js';
import { invitations } from './invitations.js';
import { links } from './links.js';
import { open } from './open.js';
import { suppressions } from './suppressions.js';
import { templates } from './templates.js';
import { users } from './users.js';
import { webhooks } from './webhooks.js';

/** Every operation that there is, by method and path. */
export const CASES: Cases = {
  ...open,
  ...auth,
  ...users,
  ...invitations,
  ...business,
  ...apiKeys,
  ...domains,
  ...eventsSetup,
  ...templates,
  ...campaigns,
  ...campaignLife,
  ...suppressions,
  ...emails,
  ...events,
  ...webhooks,
  ...links,
  ...admin,
};

/** An operation of the document. */
export interface Documented {
  /** `POST /api/templates/{id}/preview`. */
  name: string;
  method: string;
  path: string;
  operation: ApiOperation;
}

/** The document that the app makes of its routes. */
export const api: ApiDocument = document(mounts);

export const operations: readonly Documented[] = Object.entries(api.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => {
    const verb = method.toUpperCase();
    return { name: `${verb} ${path}`, method: verb, path, operation };
  }),
);

/** @throws Error that tells how to add the case where there is none. */
export function caseOf(name: string): Case {
  const found = CASES[name];
  if (found) return found;
  throw new Error(
    `${name} has no case, so nobody knows who may call it. Add one to the file of its noun in tests/support/operations/ ` +
      '(a new file goes into CASES in its index.ts): what the contract says that it needs, and how a tenant makes a valid call.',
  );
}
