import { setTimeout as sleep } from 'node:timers/promises';
import { NotificationModel } from '../../src/models/notification.js';
import type { Sns } from '../../tests/support/sns-server.js';
import { endChild, startChild } from '../bench/child.js';
import { sentDeliveries, without } from './ledger.js';
import { load, succeeded } from './load.js';
import { openInbox, signedEvent } from './sns.js';

/** SNS opens many connections to an endpoint. */
const LANES = 32;
/** What is not applied by then is lost, in ms. */
const PATIENCE_MS = 120_000;

/** What the inbound half measured. */
export interface InboundFigures {
  /** Verified, written to MongoDB's journal and answered with 200, a second, by one API process. */
  inboundPerSecond: number;
  /** Applied to ledger and log, a second, by one worker that finds them all waiting. */
  appliedPerSecond: number;
  /** Answered with 200, and not in the ledger. */
  inboundLost: number;
}

/** Where it happens. */
export interface InboundBench {
  /** The API's base, `http://127.0.0.1:5002`. */
  url: string;
  businessId: string;
  sns: Sns;
  /** Of the hub's processes. */
  env: NodeJS.ProcessEnv;
  /** Rounded up to an even number: each message is sent and delivered. */
  events: number;
}

/** Posts signed events as fast as they are answered, then lets a worker apply them. @throws Error unless each is answered with 200. */
export async function benchInbound({ url, businessId, sns, env, events }: InboundBench): Promise<InboundFigures> {
  const { path, topicArn } = await openInbox(businessId);
  const deliveries = await sentDeliveries(businessId, Math.ceil(events / 2));
  // Signed before: that is SNS's work.
  const bodies = (['Send', 'Delivery'] as const).flatMap((kind) =>
    deliveries.map((one) => signedEvent(sns, topicArn, kind, one)),
  );
  const calls = bodies.map((body) => ({ url: `${url}${path}`, body }));
  const answers = await load({ calls, lanes: LANES, userAgent: 'Amazon Simple Notification Service Agent' });
  if (succeeded(answers.byStatus) < calls.length) {
    throw new Error(`The hub did not take every event: ${JSON.stringify([...answers.byStatus])}`);
  }
  const worker = await startChild(['dist/worker.js'], env);
  const startedAt = performance.now();
  while ((await waiting()) > 0 && performance.now() - startedAt < PATIENCE_MS) await sleep(50);
  const seconds = (performance.now() - startedAt) / 1_000;
  await endChild(worker);
  return {
    inboundPerSecond: answers.perSecond,
    appliedPerSecond: calls.length / seconds,
    inboundLost: (await waiting()) + (await without(deliveries, ['deliveredAt'])),
  };
}

const waiting = () => NotificationModel.countDocuments({ dueAt: { $exists: true } });
