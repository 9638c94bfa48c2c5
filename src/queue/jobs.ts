import { z } from 'zod';
import { MESSAGE_STREAMS } from '../models/message.js';

/** Queue names; in Redis their keys begin with `pmh:`. Messages outside campaigns wait in no campaign's line. */
export const QUEUE_PREFIX = 'pmh';
export const CAMPAIGN_QUEUE = 'campaigns';
export const MESSAGE_QUEUE = 'messages';

/** The window: a campaign's turns in Redis at any time, however long its list. */
export const TURNS_PER_CAMPAIGN = 4;

/** The same for a line of single messages: one alone would wait whenever SES is slow to answer. */
export const TURNS_PER_LINE = 2;

const hexId = z.string().regex(/^[0-9a-f]{24}$/);

/** What each job carries: ids only. Parsed when a job is added and again when it is taken. */
export const JOBS = {
  /** One turn of a campaign: some batches of it, then the next campaign's. */
  turn: z.strictObject({ campaignId: hexId, slot: z.number().int().min(0) }),
  /** One turn of a line of single messages: some batches of it, then the next line's. */
  line: z.strictObject({
    businessId: hexId,
    stream: z.enum(MESSAGE_STREAMS),
    isTest: z.boolean(),
    slot: z.number().int().min(0),
  }),
} as const;

export type JobName = keyof typeof JOBS;
export type JobData<N extends JobName> = z.output<(typeof JOBS)[N]>;
