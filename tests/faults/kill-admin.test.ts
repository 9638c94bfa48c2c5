import { describe, expect, it } from 'vitest';
import { AuditEntryModel } from '../../src/models/audit-entry.js';
import { BusinessModel } from '../../src/models/business.js';
import { DeliveryModel } from '../../src/models/delivery.js';
import { LeaseModel } from '../../src/models/lease.js';
import { UserModel } from '../../src/models/user.js';
import { readHalt } from '../../src/sending/halt.js';
import { superAdmin, unique } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { useProcesses } from '../support/processes.js';
import { accepted, launched, people, sender, untilCampaign } from '../support/sending.js';
import { until } from '../support/until.js';

useHub();
const start = useProcesses();

/** A server of its own, and its `http://host:port`. */
async function server() {
  const running = start('server');
  await running.ready;
  const port = await until(() => /"address":\{[^}]*"port":(\d+)/.exec(running.output())?.[1]);
  return { ...running, url: `http://127.0.0.1:${port}` };
}

/** Waits until workers had so many more chances to wake what waits: the pulse renews its lease with each. */
async function pulses(count: number): Promise<void> {
  let last = 0;
  let seen = -1;
  await until(async () => {
    const lease = (await LeaseModel.findById('pulse').lean())?.until.getTime() ?? last;
    if (lease !== last) seen += 1;
    last = lease;
    return seen >= count;
  });
}

const post = (url: string, token: string, body: object) =>
  fetch(url, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });

describe('an API process that is killed', () => {
  it('in the middle of making a business leaves a visible act, and no half of a business', async () => {
    const token = await superAdmin();
    const outcomes = new Set<string>();
    // Later each time: while the password is hashed, while the user is written, after it.
    for (const afterMs of [0, 100, 400]) {
      const running = await server();
      const word = unique('killed');
      const [email, password] = [`admin@${word}.test`, 'Test123!'];
      const admin = { email, name: 'Ann', password };
      const asked = post(`${running.url}/api/admin/businesses`, token, { name: word, domain: `${word}.test`, admin });
      const answer = asked.then(
        ({ status }) => status,
        () => undefined,
      );
      const entry = await until(() => AuditEntryModel.findOne({ 'detail.name': word }).lean());
      const killAt = performance.now() + afterMs;
      await until(() => performance.now() >= killAt);
      running.child.kill('SIGKILL');
      await running.ended;

      const { outcome } = await AuditEntryModel.findById(entry._id).lean().orFail();
      outcomes.add(outcome);
      if ((await answer) === 201) expect(outcome).toBe('done');
      const user = await UserModel.findOne({ email }).lean();
      if (outcome === 'done') expect(user).not.toBeNull();
      if (user) {
        const { body } = await api().post('/api/auth/login').send({ email, password }).expect(200);
        expect(body.business).toMatchObject({ id: String(entry.business), name: word });
      } else expect(await BusinessModel.findById(entry.business).lean()).toBeNull();
    }
    expect(outcomes).toContain('begun');
  }, 120_000);
});

describe('a stop of all sending', () => {
  it('bites in other processes, outlasts their end and a kill, and ends for all', async () => {
    const who = await sender(100);
    const id = await launched(who, people(250));
    const first = start('worker');
    await first.ready;
    await until(async () => (await accepted(who)).length > 30);
    const token = await superAdmin();
    const { url, child } = await server();
    const paused = await post(`${url}/api/admin/sending/pause`, token, { reason: 'A leak' });
    const pausedAt = Date.now();
    expect(paused.status).toBe(200);
    child.kill('SIGKILL');
    await until(async () => (await DeliveryModel.countDocuments({ status: 'sending' })) === 0);
    await pulses(2);
    const before = await accepted(who);
    expect(Math.max(...before.map((row) => row.at))).toBeLessThan(pausedAt + 1_000);

    first.child.kill('SIGTERM');
    await first.ended;
    const second = start('worker');
    await second.ready;
    await pulses(3);
    expect((await readHalt()).isHalted).toBe(true);
    expect(await accepted(who)).toHaveLength(before.length);

    const again = await server();
    expect((await post(`${again.url}/api/admin/sending/resume`, token, {})).status).toBe(200);
    await untilCampaign(who, id, 'sent', 60_000);
    const rows = await accepted(who);
    expect(rows).toHaveLength(250);
    expect(new Set(rows.map((row) => row.recipient)).size).toBe(250);
  }, 120_000);
});
