import { z } from 'zod';
import { operation } from './operation.js';

const State = z.enum(['up', 'down']);

export const Health = z
  .object({ status: z.literal('ok'), service: z.literal('Power MTA Hub'), timestamp: z.iso.datetime() })
  .meta({ id: 'Health' });

export const Readiness = z.object({ mongodb: State, redis: State, queue: State }).meta({ id: 'Readiness' });

/** Answers without `success`, as its monitor expects; so its route answers by itself. */
export const GetHealth = operation({
  summary: 'Whether the process answers',
  answersWith: 'application/json',
  answer: Health.shape,
});

export const GetReadiness = operation({
  summary: 'Whether MongoDB, Redis and the queue answer',
  description: '503 `unavailable` when one of them is down, with the state of each.',
  answer: { checks: Readiness },
});
