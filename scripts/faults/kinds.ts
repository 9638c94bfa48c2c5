/** What can go wrong in a trial. */
export const FAULT_KINDS = [
  'worker-killed',
  'workers-killed',
  'api-killed',
  'redis-emptied',
  'redis-killed',
  'mongo-killed',
  'ses-throttles',
  'ses-stalls-after',
  'ses-drops',
  'ses-drops-after',
  'ses-502',
  'ses-502-after',
  'paused',
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

/** After these nobody may be in doubt: no call to SES is cut off by them. */
export const HARMLESS_KINDS = ['redis-emptied', 'redis-killed', 'mongo-killed', 'api-killed'] as const;

/** How long each lasts, in ms: what was killed is away for so long, as PM2 takes its time; SES fails for so long. */
export const DURATIONS: Readonly<Record<FaultKind, readonly [least: number, most: number]>> = {
  'worker-killed': [200, 1_500],
  'workers-killed': [200, 1_500],
  'api-killed': [200, 1_500],
  'redis-emptied': [0, 0],
  'redis-killed': [200, 2_500],
  'mongo-killed': [200, 2_500],
  'ses-throttles': [500, 2_000],
  'ses-stalls-after': [1_000, 3_000],
  'ses-drops': [1_000, 3_000],
  'ses-drops-after': [1_000, 3_000],
  'ses-502': [1_000, 3_000],
  'ses-502-after': [1_000, 3_000],
  paused: [300, 2_000],
};
