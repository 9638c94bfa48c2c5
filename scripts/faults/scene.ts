import type { CampaignOf } from '../support/campaign.js';
import type { Stand } from '../support/stand.js';
import type { Tenant } from '../support/tenant.js';
import { type Turns, takeTurns } from '../support/turns.js';

/** What the faults of a trial have done so far, as far as it excuses what is in doubt at its end. */
export interface Damage {
  /** Each time that workers were killed while they were sending. */
  kills: Kill[];
  /** Answers that SES left unclear. */
  unclearAnswers: number;
  /** Until then, on `performance.now()`'s clock, a call may wait for its answer. */
  stalledUntil: number;
}

/** Workers killed at one moment, and the rows that somebody held just then: themselves, or another worker. */
export interface Kill {
  workers: number;
  held: ReadonlySet<string>;
}

/** A trial under way. */
export interface Scene extends CampaignOf {
  stand: Stand;
  tenant: Tenant;
  damage: Damage;
  /** A thing that is down is not killed again before it is up. */
  turns: Record<'workers' | 'api' | 'redis' | 'mongo', Turns>;
  /** What happened beside the plan. */
  notes: string[];
}

/** A scene in which nothing has happened yet. */
export function openScene(stand: Stand, tenant: Tenant, campaign: CampaignOf): Scene {
  return {
    ...campaign,
    stand,
    tenant,
    damage: { kills: [], unclearAnswers: 0, stalledUntil: 0 },
    turns: { workers: takeTurns(), api: takeTurns(), redis: takeTurns(), mongo: takeTurns() },
    notes: [],
  };
}
