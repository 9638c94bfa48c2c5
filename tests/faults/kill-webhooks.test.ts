import { setTimeout as sleep } from 'node:timers/promises';
import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { startReceiver } from '../../scripts/support/receiver.js';
import { delays, percentile, pour, troubled } from '../../scripts/support/webhook-trial.js';
import { WebhookDeliveryModel } from '../../src/models/webhook-delivery.js';
import { LIMIT_MS } from '../../src/webhooks/call.js';
import { register } from '../support/factories.js';
import { useHub } from '../support/hub.js';
import { useProcesses } from '../support/processes.js';
import { until } from '../support/until.js';
import { hook } from '../support/webhooks.js';

const receiver = await startReceiver();
const SETTINGS = { WEBHOOK_ALLOWED_TARGETS: receiver.target, WEBHOOK_RETRY_SCALE: '0.0005' };
Object.assign(process.env, SETTINGS);

useHub();
const start = useProcesses();

// `npm run prove -- webhooks` is the same with 5,000, of which 99 % are at the steady receiver within two seconds.
const EVENTS = 800;
const PER_SECOND = 80;
const HANGING = 3;
const DOWN_MS = 2_000;

describe('workers killed with kill -9 while a receiver fails, hangs and is down', () => {
  it('lose no event, tell each by its one id, and delay no other webhook', { timeout: 120_000 }, async () => {
    const who = await register();
    const bad = await hook(who, receiver.url('/troubled'), { name: 'troubled' });
    const good = await hook(who, receiver.url('/steady'), { name: 'steady' });
    receiver.answers('/troubled', troubled(HANGING));
    const workers = [start('worker'), start('worker')];
    await Promise.all(workers.map(({ ready }) => ready));
    const kill = async (n: number) => {
      workers[n]?.child.kill('SIGKILL');
      await workers[n]?.ended;
      workers[n] = start('worker');
    };
    const logged = await pour(who.businessId, {
      count: EVENTS,
      perSecond: PER_SECOND,
      signal: AbortSignal.timeout(60_000),
      incidents: [
        { share: 0.25, happens: () => kill(0) },
        {
          share: 0.4,
          async happens() {
            receiver.answers('/troubled', (_message, response) => {
              response.destroy();
              return undefined;
            });
            await sleep(DOWN_MS);
            receiver.answers('/troubled', troubled(0));
          },
        },
        { share: 0.65, happens: () => kill(1) },
      ],
    });
    await until(async () => (await WebhookDeliveryModel.countDocuments({ status: 'pending' })) === 0, 60_000);

    for (const { id, path } of [
      { id: bad.id, path: '/troubled' },
      { id: good.id, path: '/steady' },
    ]) {
      const came = receiver.of(path);
      expect(delays(logged, came)).toHaveLength(EVENTS);
      expect(came.filter((message) => !logged.has(message.id))).toEqual([]);
      const endpoint = new Types.ObjectId(id);
      expect(await WebhookDeliveryModel.countDocuments({ endpoint, status: 'delivered' })).toBe(EVENTS);
    }
    expect(receiver.of('/troubled').length).toBeGreaterThan(EVENTS * 1.4);
    const unanswered = receiver.of('/troubled').filter(({ status }) => status === undefined);
    expect(unanswered.length).toBeGreaterThan(HANGING);
    // The files of a run share its processors, so the two seconds are for `prove` to measure. Here nothing of the steady one may
    // wait as long as a call of the other that hangs.
    expect(percentile(delays(logged, receiver.of('/steady')), 0.95)).toBeLessThan(LIMIT_MS);
  });
});
