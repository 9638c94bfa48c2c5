import type { Permission } from '../../../src/permissions.js';
import type { Scene } from './scene.js';

/** A call of an operation, without who makes it. */
export interface Call {
  /** By the names in the document's path. */
  params?: Record<string, string>;
  query?: Record<string, string>;
  /** JSON, or with a `type` the text as it is. */
  body?: object | string;
  type?: string;
  /** Who makes the call where that is not the scene's own admin, e.g. a user whom it signs out: a token. */
  token?: string;
}

/**
 * Whom an operation lets in. `nobody`: everybody. `link`: who has the token in its path. `signed_in`: whoever is signed in,
 * also a super_admin without a business. `business`: whoever is signed in and within a business. Else one of these permissions.
 */
export type Needs =
  | 'nobody'
  | 'link'
  | 'signed_in'
  | 'business'
  | 'super_admin'
  | readonly [Permission, ...Permission[]];

/** What the contract says of an operation, and how it is called. */
export interface Case {
  needs: Needs;
  /** API keys are refused, whatever they hold. */
  isUsersOnly?: true;
  /** Only a super_admin, who acts for the business, is let through by the service behind the route. */
  isActedFor?: true;
  /** Its answer waits for a worker. */
  needsWorker?: true;
  /** Makes the things that a valid call names, new ones each time, and tells the call. */
  make(scene: Scene): Promise<Call> | Call;
  /** Calls in the name of `own` that reach for things of `other` in ways that the document does not tell. */
  cross?(own: Scene, other: Scene): Promise<Call[]>;
}

/** By method and path as the document has them: `POST /api/templates/{id}/preview`. */
export type Cases = Readonly<Record<string, Case>>;
