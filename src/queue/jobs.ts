import { z } from 'zod';

/** Queue names; in Redis their keys begin with `pmh:`. Messages outside campaigns wait in no campaign's line. */
export const QUEUE_PREFIX = 'pmh';
export const CAMPAIGN_QUEUE = 'campaigns';
export const MESSAGE_QUEUE = 'messages';

/** The window: a campaign's turns in Redis at any time, however long its list. */
export const TURNS_PER_CAMPAIGN = 4;

const hexId = z.string().regex(/^[0-9a-f]{24}$/);

/** What each job carries: ids only. Parsed when a job is added and again when it is taken. */
export const JOBS = {
  /** One turn of a campaign: some batches of it, then the next campaign's. */
  turn: z.strictObject({ campaignId: hexId, slot: z.number().int().min(0) }),
  /** One turn of a message outside any campaign. */
  message: z.strictObject({ messageId: hexId }),
} as const;

export type JobName = keyof typeof JOBS;
export type JobData<N extends JobName> = z.output<(typeof JOBS)[N]>;
