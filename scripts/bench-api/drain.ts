import { setTimeout as sleep } from 'node:timers/promises';
import type { SesService } from '../../src/embedded/ses.js';
import { endChild, startChild } from '../bench/child.js';
import type { BenchHub } from '../bench/hub.js';
import { FROM, HTML, recipientLines, SUBJECT, TEXT } from '../bench/message.js';

const LOOK_MS = 100;
const START_MS = 30_000;

/**
 * Does something while a worker drains a campaign that is long enough for it.
 * @returns what it gave, and how many messages a second SES took meanwhile.
 * @throws Error where nothing is sent within half a minute, or the list ends before.
 */
export async function whileDraining<T>(
  { hub, env, ses, recipients }: { hub: BenchHub; env: NodeJS.ProcessEnv; ses: SesService; recipients: number },
  work: () => Promise<T>,
): Promise<{ result: T; sentPerSecond: number }> {
  const { campaign } = await hub.call<{ campaign: { id: string } }>('POST', '/api/campaigns', {
    name: 'Beside',
    subject: SUBJECT,
    fromEmail: FROM.address,
    content: { html: HTML, text: TEXT },
  });
  const path = `/api/campaigns/${campaign.id}`;
  await hub.call('POST', `${path}/recipients`, recipientLines(recipients), 'text/csv');
  const accepted = async () => (await ses.totals()).accepted;
  const before = await accepted();
  await hub.call('POST', `${path}/send`);
  const worker = await startChild(['dist/worker.js'], env);
  try {
    const deadline = performance.now() + START_MS;
    while ((await accepted()) === before) {
      if (performance.now() > deadline) throw new Error('The worker sends nothing');
      await sleep(LOOK_MS);
    }
    const [from, startedAt] = [await accepted(), performance.now()];
    const result = await work();
    const to = await accepted();
    if (to - before >= recipients) throw new Error('The list came to its end before the measuring did');
    return { result, sentPerSecond: ((to - from) / (performance.now() - startedAt)) * 1_000 };
  } finally {
    await endChild(worker);
    await hub.call('POST', `${path}/cancel`);
  }
}
