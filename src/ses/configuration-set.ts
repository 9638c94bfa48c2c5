import type { Business } from '../models/business.js';

/**
 * The configuration set that messages of a business are sent with, so that SES tells what becomes of them: once SNS's
 * subscription is confirmed, or a person says that it is there. Before that nobody would hear of it, and a set that is not
 * there would stop all mail.
 */
export function configurationSetOf({ eventWiring }: Pick<Business, 'eventWiring'>): string | undefined {
  if (!eventWiring?.configurationSet) return undefined;
  return eventWiring.confirmedAt || eventWiring.isByHand ? eventWiring.configurationSet : undefined;
}
