import { expect, it } from 'vitest';
import { type SystemMail, SystemMailModel } from '../../src/models/system-mail.js';
import { enqueue } from '../../src/services/system-mail.js';
import { unique } from '../support/factories.js';
import { useHub } from '../support/hub.js';
import { useProcesses } from '../support/processes.js';
import { accepted, ses } from '../support/sending.js';
import { until } from '../support/until.js';

// Read with the first call of `config()`, and given to the workers.
const accessKeyId = `AKIA${unique().toUpperCase()}`;
Object.assign(process.env, {
  MASTER_SES_ACCESS_KEY: accessKeyId,
  MASTER_SES_SECRET_KEY: 'master-secret',
  MASTER_SES_REGION: 'eu-west-1',
  SYSTEM_FROM_EMAIL: 'hub@example.com',
});
useHub();
const start = useProcesses();

it('mail of the hub whose worker was killed while SES was asked goes out all the same', {
  timeout: 90_000,
}, async () => {
  const to = `${unique('p')}@people.test`;
  const read = () => SystemMailModel.findOne({ to }).lean<SystemMail>().orFail();
  await ses().fail({ kind: 'accept-then-stall', next: 1, accessKeyId, recipient: to });
  await enqueue({ to, subject: 'S', text: 'T', expiresAt: new Date(Date.now() + 3_600_000) });

  const killed = start('worker');
  const copies = async () => (await accepted({ accessKeyId })).filter(({ recipient }) => recipient === to).length;
  await until(async () => (await copies()) === 1);
  killed.child.kill('SIGKILL');
  await killed.ended;
  const left = await read();
  expect(left).toMatchObject({ status: 'waiting', attempts: 1, content: expect.anything() });
  expect(left.dueAt.getTime()).toBeGreaterThan(Date.now());

  // As if the claim's minute had passed.
  await SystemMailModel.updateOne({ to }, { $set: { dueAt: new Date() } });
  start('worker');
  await until(async () => (await read()).status === 'sent');
  expect(await copies()).toBe(2);
  expect(await read()).not.toHaveProperty('content');
});
