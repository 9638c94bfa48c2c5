import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** One request: a POST where it has a body, as SNS makes it, else a GET. */
export interface Call {
  url: string;
  body?: string;
}

/** What to ask, and how fast. */
export interface Load {
  calls: readonly Call[];
  /** So many are under way at once, each on a connection that is kept. */
  lanes: number;
  /** Calls begin so many a second; as fast as the answers come where absent. */
  perSecond?: number;
  userAgent: string;
}

/** What came of it. */
export interface Answers {
  /** Answers of 2xx a second, from the first call to the last answer. */
  perSecond: number;
  /**
   * The time that 99 of 100 answers took at most, in ms; of a paced load from the moment the call was due, so that a server
   * that stands still cannot hide how many would have waited.
   */
  p99Ms: number;
  /** How many answers had which status; 0 for none. */
  byStatus: ReadonlyMap<number, number>;
}

/** Makes every call once, in their order, and waits for all answers. Never throws for an answer or for none. */
export async function load({ calls, lanes, perSecond, userAgent }: Load): Promise<Answers> {
  const agent = new Agent({ keepAlive: true, maxSockets: lanes });
  const took: number[] = [];
  const byStatus = new Map<number, number>();
  const startedAt = performance.now();
  let next = 0;
  const lane = async () => {
    for (let n = next++; n < calls.length; n = next++) {
      const now = performance.now();
      const dueAt = perSecond === undefined ? now : startedAt + (n * 1_000) / perSecond;
      if (dueAt > now) await sleep(dueAt - now);
      const status = await ask(calls[n] as Call, agent, userAgent);
      took.push(performance.now() - dueAt);
      byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  const seconds = (performance.now() - startedAt) / 1_000;
  agent.destroy();
  return { perSecond: succeeded(byStatus) / seconds, p99Ms: percentile(took, 0.99), byStatus };
}

/** How many answers were a 2xx. */
export function succeeded(byStatus: ReadonlyMap<number, number>): number {
  return [...byStatus].reduce((sum, [status, n]) => (status >= 200 && status < 300 ? sum + n : sum), 0);
}

/** The smallest of the values that so large a share does not exceed. */
function percentile(values: readonly number[], share: number): number {
  return [...values].sort((a, b) => a - b)[Math.max(0, Math.ceil(values.length * share) - 1)] ?? Number.NaN;
}

/** @returns the status; 0 where no answer came. */
function ask({ url, body }: Call, agent: Agent, userAgent: string): Promise<number> {
  const headers = {
    'user-agent': userAgent,
    ...(body === undefined
      ? {}
      : { 'content-type': 'text/plain; charset=UTF-8', 'content-length': Buffer.byteLength(body) }),
  };
  return new Promise((resolve) => {
    const asked = request(url, { agent, method: body === undefined ? 'GET' : 'POST', headers }, (answer) => {
      answer.once('end', () => resolve(answer.statusCode ?? 0));
      answer.once('error', () => resolve(0));
      answer.resume();
    });
    asked.once('error', () => resolve(0));
    asked.end(body);
  });
}
