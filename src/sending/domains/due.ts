import { type Business, BusinessModel } from '../../models/business.js';
import type { Periodic } from '../upkeep/periodic.js';
import { check } from './check.js';

/** Businesses of one round, side by side, and domains of one of them: its SES account takes a call a second. */
const BUSINESSES = 5;
const DOMAINS = 20;

/** Checks the sending domains whose time has come, in one worker at a time. */
export const DOMAIN_CHECKS: Periodic = {
  name: 'domain-checks',
  everyMs: 5_000,
  leaseMs: 30_000,
  round: async () => {
    await checkDue();
  },
};

/** One round. @returns how many domains were looked at. */
export async function checkDue(now = new Date()): Promise<number> {
  const businesses = await BusinessModel.find(
    { status: 'active', 'sendingDomains.nextCheckAt': { $lte: now } },
    { sesConfiguration: 1, sendingDomains: 1 },
  )
    .sort({ 'sendingDomains.nextCheckAt': 1 })
    .limit(BUSINESSES)
    .lean<Business[]>();
  const checked = await Promise.all(
    businesses.map(async (business) => {
      const due = business.sendingDomains.filter(({ nextCheckAt }) => nextCheckAt && nextCheckAt <= now);
      await check(business, due.slice(0, DOMAINS));
      return Math.min(due.length, DOMAINS);
    }),
  );
  return checked.reduce((sum, n) => sum + n, 0);
}
