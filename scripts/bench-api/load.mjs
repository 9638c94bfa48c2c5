// Asks one URL again and again, in a process of its own, so that the one that answers need not share its core with the
// asking. Plain JavaScript, so that no loader counts against it. Says `ready`; takes one message that says what to ask,
// over how many connections and for how long; answers with what came of it.
import { Agent, get } from 'node:http';

/** @param {{ url: string, headers: Record<string, string>, connections: number, ms: number }} job */
async function run({ url, headers, connections, ms }) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const took = [];
  let failures = 0;
  const startedAt = performance.now();
  const lane = async () => {
    for (let now = performance.now(); now - startedAt < ms; now = performance.now()) {
      const status = await ask(url, { agent, headers });
      took.push(performance.now() - now);
      if (status !== 200) failures += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, lane));
  const seconds = (performance.now() - startedAt) / 1_000;
  agent.destroy();
  took.sort((a, b) => a - b);
  // The smallest of the times that so large a share does not exceed.
  const percentile = (share) => took[Math.max(0, Math.ceil(took.length * share) - 1)];
  return { perSecond: (took.length - failures) / seconds, p50Ms: percentile(0.5), p99Ms: percentile(0.99), failures };
}

/** Resolves with the status; 0 where no answer came. */
function ask(url, options) {
  return new Promise((resolve) => {
    get(url, options, (answer) => {
      answer.once('end', () => resolve(answer.statusCode));
      answer.once('error', () => resolve(0));
      answer.resume();
    }).once('error', () => resolve(0));
  });
}

process.on('message', (job) => run(job).then((done) => process.send?.(done)));
process.send?.('ready');
