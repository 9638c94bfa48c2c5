import type { Delivery } from '../../models/delivery.js';

/** The variables that every message has, whatever its recipient brings. */
export const GIVEN_BY_THE_ENGINE: ReadonlySet<string> = new Set(['email', 'unsubscribe_url']);

/** What a template can name for one recipient. */
export function valuesFor(
  { email, name, variables }: Pick<Delivery, 'email' | 'name' | 'variables'>,
  unsubscribeUrl: string,
): Record<string, unknown> {
  return { ...variables, name: name ?? variables?.name, email, unsubscribe_url: unsubscribeUrl };
}
