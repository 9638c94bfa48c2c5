import type { Delivery } from '../../models/delivery.js';
import type { Frozen } from '../../models/frozen.js';

/** The variables that every message has, whatever its recipient brings. */
export const GIVEN_BY_THE_ENGINE: ReadonlySet<string> = new Set(['email', 'unsubscribe_url']);

/** The links of one message by way of the hub: the pixel, and those in the HTML by their number. */
export interface Tracked {
  open?: string | undefined;
  links?: readonly string[] | undefined;
}

/** What a template can name for one recipient, and what stands in its place for a link of the message's own. */
export function valuesFor(
  { email, name, variables }: Pick<Delivery, 'email' | 'name' | 'variables'>,
  unsubscribeUrl: string,
  { open, links }: Tracked = {},
): Record<string, unknown> {
  return {
    ...variables,
    name: name ?? variables?.name,
    email,
    unsubscribe_url: unsubscribeUrl,
    ...(open ? { pmh_open: open } : {}),
    ...(links ? { pmh_links: links } : {}),
  };
}

/** Stand for the links of a message that is only tried out. */
export function sampleLinks({ tracking, links }: Pick<Frozen, 'tracking' | 'links'>): Tracked {
  return {
    ...(tracking?.opens ? { open: 'https://example.com/t/o/x' } : {}),
    ...(links ? { links: links.map(() => 'https://example.com/t/c/x') } : {}),
  };
}
