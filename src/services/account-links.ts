import { config } from '../config.js';

/**
 * A link of the hub's own mail: to the dashboard where there is one, or to the hub's own page. Never by the request's `Host`;
 * the token is in the fragment, which reaches no server and no log.
 */
export function linkTo(page: 'reset-password' | 'accept-invitation', token: string): string {
  return `${config().frontendUrls[0] ?? config().publicUrl}/${page}#token=${token}`;
}
