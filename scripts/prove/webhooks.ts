import { setTimeout as sleep } from 'node:timers/promises';
import { Types } from 'mongoose';
import { WebhookAttemptModel } from '../../src/models/webhook-attempt.js';
import { WebhookDeliveryModel } from '../../src/models/webhook-delivery.js';
import type { CreateWebhook } from '../../src/schemas/webhooks.js';
import { enrol } from '../support/enrol.js';
import { startReceiver } from '../support/receiver.js';
import { withStand } from '../support/stand.js';
import { until } from '../support/wait.js';
import { delays, percentile, pour, troubled } from '../support/webhook-trial.js';
import { openBounds, type Scenario } from './scenario.js';

const STEADY_P99_MS = 2_000;

/** The pauses between tries are a thousandth: 5 ms to 36 s. The limit of a call is the real one. */
const RETRY_SCALE = '0.001';

const HANGING = 20;
const DOWN_MS = 5_000;
const PATIENCE_MS = 300_000;

/** Two webhooks of one business: what is wrong with one is nothing to the other. */
export const webhooks: Scenario<'events' | 'perSecond'> = {
  about: `a receiver that fails half of its calls, never answers ${HANGING} and is down for ${DOWN_MS / 1_000} s, and a worker killed twice: every event arrives, with its one id, and another receiver has each within two seconds (p99)`,
  defaults: { events: 5_000, perSecond: 100 },
  async run({ events, perSecond }, { say, signal }) {
    const receiver = await startReceiver();
    receiver.answers('/troubled', troubled(HANGING));
    const env = { WEBHOOK_ALLOWED_TARGETS: receiver.target, WEBHOOK_RETRY_SCALE: RETRY_SCALE };
    return withStand({ workers: 2, env, say, signal }, async (stand) => {
      const tenant = await enrol(stand, { name: 'hooks' });
      const admin = stand.hub.as(tenant.token);
      const make = async (name: string) => {
        const body = { name, url: receiver.url(`/${name}`), types: ['email.delivered'] };
        return (await admin.call<typeof CreateWebhook>('POST', '/api/webhooks', body)).webhook.id;
      };
      const ids = { troubled: await make('troubled'), steady: await make('steady') };
      const killed = async (n: number) => {
        say(`kill -9 of worker ${n + 1}`);
        await stand.workers[n]?.kill();
        await stand.workers[n]?.start();
      };
      say(`logging ${events.toLocaleString('en')} events, ${perSecond} a second`);
      const logged = await pour(tenant.businessId, {
        count: events,
        perSecond,
        signal,
        incidents: [
          { share: 0.3, happens: () => killed(0) },
          {
            share: 0.5,
            async happens() {
              say('the receiver is down, for the one webhook');
              receiver.answers('/troubled', refuse);
              await sleep(DOWN_MS, undefined, { signal });
              receiver.answers('/troubled', troubled(0));
            },
          },
          { share: 0.7, happens: () => killed(1) },
        ],
      });
      say('waiting until nothing waits');
      const endpoint = { $in: Object.values(ids).map((id) => new Types.ObjectId(id)) };
      await until('nothing waits', async () => !(await WebhookDeliveryModel.exists({ status: 'pending', endpoint })), {
        signal,
        timeoutMs: PATIENCE_MS,
      });

      const bounds = openBounds();
      const figures: Record<string, number> = {};
      for (const [name, id] of Object.entries(ids)) {
        const came = receiver.of(`/${name}`);
        const took = delays(logged, came);
        const delivered = await WebhookDeliveryModel.countDocuments({
          endpoint: new Types.ObjectId(id),
          status: 'delivered',
        });
        bounds.exactly(`${name}: events that arrived`, took.length, events);
        bounds.exactly(`${name}: events shown as delivered`, delivered, events);
        bounds.exactly(`${name}: ids that are no event’s`, came.filter((one) => !logged.has(one.id)).length, 0);
        figures[`${name}Calls`] = came.length;
        figures[`${name}Failed`] = await WebhookAttemptModel.countDocuments({
          endpoint: new Types.ObjectId(id),
          status: 'failed',
        });
        figures[`${name}P50Ms`] = percentile(took, 0.5);
        figures[`${name}P99Ms`] = percentile(took, 0.99);
        figures[`${name}MaxMs`] = percentile(took, 1);
      }
      bounds.atMost('ms until the steady receiver had an event (p99)', figures.steadyP99Ms ?? 0, STEADY_P99_MS);
      return { figures, missed: bounds.missed };
    });
  },
};

/** As a machine that is off: no answer, and the connection is gone. */
const refuse: Parameters<Awaited<ReturnType<typeof startReceiver>>['answers']>[1] = (_message, response) => {
  response.destroy();
  return undefined;
};
