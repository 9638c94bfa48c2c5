import { type Periodic, takeSteps } from '../sending/upkeep/periodic.js';
import { fanOut } from './fan-out.js';
import { replayAll } from './replay.js';
import { tellAdmins } from './tell-admins.js';

/**
 * From the log to the queue of webhooks, by one worker at a time; two of it do no harm, so its lease is short: when a worker
 * dies, another goes on within a second.
 */
export const WEBHOOK_RELAY: Periodic = {
  name: 'webhooks',
  everyMs: 150,
  leaseMs: 700,
  round: () => takeSteps({ fanOut, replayAll, tellAdmins }),
};
