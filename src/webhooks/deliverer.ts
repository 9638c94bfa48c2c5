import { setTimeout as sleep } from 'node:timers/promises';
import { logger } from '../logger.js';
import { type Event, EventModel } from '../models/event.js';
import type { WebhookEndpoint } from '../models/webhook-endpoint.js';
import { attempt } from './attempt.js';
import { createCaller } from './call.js';
import { type Claimed, claim, endpointsWithWork, giveBack, giveUp, RENEW_EVERY_MS, renew } from './claim.js';
import { Lanes } from './lanes.js';
import { messageOf } from './message.js';
import { Recorder } from './record.js';

/** Between one look for what is due and the next, in ms. */
const LOOK_MS = 150;

/** Calls under way get so long when the worker ends, in ms; then they are given up, and come again. */
const ENDING_MS = 2_000;

/**
 * Posts what is due, in every worker process. MongoDB is the queue: a worker claims what it posts, and what a killed one had is
 * tried again when its claim ends. Endpoints do not wait for each other: each has its own calls (`Lanes`), and what is due is
 * looked for endpoint by endpoint.
 */
export function startDeliverer(): { close(): Promise<void> } {
  const ending = new AbortController();
  const caller = createCaller();
  const lanes = new Lanes();
  const recorder = new Recorder();
  const calls = new Set<Promise<void>>();
  const pumps = new Set<Promise<void>>();
  const claims = new Set<Claimed>();
  let renewedAt = performance.now();
  const pumping = new Map<string, { isAgain: boolean }>();
  let endpoints = new Map<string, WebhookEndpoint>();
  let isClosed = false;
  let isReported = false;

  const call = async (endpoint: WebhookEndpoint, row: Claimed, event: Event) => {
    const end = lanes.begin(String(endpoint._id));
    const made = { cause: row.cause, number: row.attempts + 1 };
    claims.add(row);
    try {
      const done = await attempt(caller, endpoint, messageOf(event), made, ending.signal);
      recorder.add(row, done);
      const { status, httpStatus, durationMs } = done;
      end({ isSuccess: status === 'succeeded', isAnswered: httpStatus !== undefined, durationMs });
    } catch (err) {
      end();
      if (!ending.signal.aborted) logger().error({ err, webhookId: endpoint._id }, 'a webhook could not be tried');
      await giveBack([row]).catch(() => undefined);
    } finally {
      claims.delete(row);
    }
  };

  /** Claims and begins as much of an endpoint as it may have. */
  const fill = async (endpoint: WebhookEndpoint) => {
    const free = lanes.free(String(endpoint._id));
    if (isClosed || free === 0) return;
    const rows = await claim(endpoint._id, free);
    if (rows.length === 0) return;
    if (isClosed) return giveBack(rows);
    const events = await EventModel.find({ _id: { $in: rows.map(({ event }) => event) } }).lean<Event[]>();
    const byId = new Map(events.map((event) => [String(event._id), event]));
    const lost = rows.filter(({ event }) => !byId.has(String(event)));
    if (lost.length > 0) await giveUp(lost);
    for (const row of rows) {
      const event = byId.get(String(row.event));
      if (!event) continue;
      const one = call(endpoint, row, event).finally(() => {
        calls.delete(one);
        begin(endpoint);
      });
      calls.add(one);
    }
  };

  /** One claim of an endpoint at a time; what ends meanwhile makes it look once more. */
  const pump = async ({ _id }: Pick<WebhookEndpoint, '_id'>) => {
    const id = String(_id);
    const running = pumping.get(id);
    if (running) {
      running.isAgain = true;
      return;
    }
    const state = { isAgain: true };
    pumping.set(id, state);
    try {
      while (state.isAgain && !isClosed) {
        state.isAgain = false;
        // As it was at the last look: what it does not name is deleted, switched off, or has nothing to do.
        const endpoint = endpoints.get(id);
        if (endpoint) await fill(endpoint);
      }
      isReported = false;
    } catch (err) {
      report(err);
    } finally {
      pumping.delete(id);
    }
  };

  const begin = (endpoint: WebhookEndpoint) => {
    const pumped = pump(endpoint).finally(() => pumps.delete(pumped));
    pumps.add(pumped);
  };

  const look = async () => {
    const found = await endpointsWithWork();
    endpoints = new Map(found.map((endpoint) => [String(endpoint._id), endpoint]));
    lanes.keep(new Set(endpoints.keys()));
    for (const endpoint of shuffled(found)) begin(endpoint);
  };

  const report = (err: unknown) => {
    // One line an outage, not one a look.
    if (!isReported) logger().error({ err }, 'webhooks cannot be delivered right now');
    isReported = true;
  };

  const loop = async () => {
    while (!isClosed) {
      if (performance.now() - renewedAt > RENEW_EVERY_MS) {
        renewedAt = performance.now();
        await renew([...claims]).catch(report);
      }
      await look().catch(report);
      await sleep(LOOK_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const stopping = new AbortController();
  const looping = loop();

  return {
    async close() {
      isClosed = true;
      stopping.abort();
      await looping;
      await Promise.all(pumps);
      const waited = new AbortController();
      await Promise.race([Promise.all(calls), sleep(ENDING_MS, undefined, waited).catch(() => undefined)]);
      waited.abort();
      ending.abort();
      await Promise.all(calls);
      await recorder.written();
      caller.close();
    },
  };
}

/** Whoever comes last must not be the same each time: all share what may be under way at once. */
function shuffled<T>(all: readonly T[]): T[] {
  return all
    .map((one) => ({ one, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ one }) => one);
}
