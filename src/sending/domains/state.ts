import type { RecordState, SendingDomain } from '../../models/business.js';
import type { EventType } from '../../models/event.js';
import type { IdentityState } from '../../ses/identities.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** SES gives a verification up after this (Amazon SES Developer Guide, "Verifying a DKIM domain identity"), in ms. */
const PENDING_MS = 3 * DAY_MS;

/** So many checks in a row fail a domain that was verified: the first ones may have met a DNS server's bad hour. */
export const FAILURES = 3;

/** What a check found. */
export interface Seen {
  /** Undefined where SES could not be asked, for the reason in `sesProblem`. */
  ses: IdentityState | undefined;
  sesProblem?: string | undefined;
  records: Record<string, RecordState>;
  proof: SendingDomain['proof'];
  /** Why it is not proven although its record is there. */
  proofProblem?: string | undefined;
  /** SES's word is enough (DOMAIN_PROOF=off). */
  isProofOff: boolean;
}

/** What follows from a check: fields to write, with undefined for those to take away, and what is told of it. */
export interface Verdict {
  set: Partial<Record<keyof SendingDomain, unknown>>;
  event?: Extract<EventType, 'domain.verified' | 'domain.failed'>;
}

/**
 * What a check makes of a domain. One that was verified and is no more is only warned of at first, and one that SES could
 * not be asked about stays what it is. Pure.
 */
export function judge(domain: SendingDomain, seen: Seen, now: Date): Verdict {
  const { ses, records, proof } = seen;
  const known = { records, checkedAt: now, ...(proof ? { proof } : {}) };
  const at = (pauseMs: number) => new Date(now.getTime() + pauseMs);
  if (!ses) return { set: { ...known, problem: seen.sesProblem, nextCheckAt: at(HOUR_MS) } };

  const { identity, dkim, mailFrom } = ses;
  const learnt = { ...known, identity, dkim, mailFrom };
  const problem = problemOf(seen, ses);
  if (!problem) {
    const verified = { ...learnt, problem: undefined, failures: 0, checks: 0, nextCheckAt: at(DAY_MS) };
    if (domain.verified) return { set: verified };
    const since = { verified: true, status: 'verified', verifiedAt: now };
    return { set: { ...verified, ...since }, event: 'domain.verified' };
  }

  const failed = { ...learnt, problem, verified: false, status: 'failed', nextCheckAt: at(DAY_MS) };
  if (domain.verified) {
    const failures = domain.failures + 1;
    if (failures >= FAILURES) return { set: { ...failed, failures }, event: 'domain.failed' };
    return { set: { ...learnt, problem, failures, nextCheckAt: at(HOUR_MS) } };
  }
  if (domain.status === 'failed') return { set: failed };
  const isOver = identity === 'Failed' || now.getTime() - domain.pendingSince.getTime() > PENDING_MS;
  if (isOver) return { set: failed, event: 'domain.failed' };
  return { set: { ...learnt, problem, checks: domain.checks + 1, nextCheckAt: at(pauseMs(domain.checks)) } };
}

/** A minute, and twice as long each time, up to an hour. */
function pauseMs(checks: number): number {
  return Math.min(HOUR_MS, MINUTE_MS * 2 ** Math.min(checks, 10));
}

/** Why a domain may not be sent from, or undefined. */
function problemOf({ proof, isProofOff, proofProblem }: Seen, { identity }: IdentityState): string | undefined {
  if (!proof && !isProofOff) return proofProblem ?? 'DNS does not have the hub’s own record yet (purpose: proof)';
  switch (identity) {
    case 'Success':
      return undefined;
    case 'Failed':
      return 'SES did not find its records in DNS in time; publish them, then verify again';
    case 'NotStarted':
      return 'SES does not know this domain in the connected account; verify it again';
    default:
      return 'SES has not found its records in DNS yet (purpose: identity or dkim)';
  }
}
