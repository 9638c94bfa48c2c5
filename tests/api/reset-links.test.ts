import { expect, it } from 'vitest';
import { type SystemMail, SystemMailModel } from '../../src/models/system-mail.js';
import type { Sealed } from '../../src/secrets.js';
import { openContent } from '../../src/sending/system-mail/content.js';
import { register } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';

// Read with the first call of `config()`, which is this file's own.
Object.assign(process.env, {
  MASTER_SES_ACCESS_KEY: 'AKIAMASTER',
  MASTER_SES_SECRET_KEY: 'master-secret',
  SYSTEM_FROM_EMAIL: 'hub@example.com',
  FRONTEND_URL: 'https://dashboard.example.test/, https://other.example.test',
});
useHub();

it('a reset link leads to the dashboard where there is one', async () => {
  const { email } = await register();
  await api().post('/api/auth/forgot-password').send({ email }).expect(202);
  const { _id, content } = await SystemMailModel.findOne({ to: email }).lean<SystemMail>().orFail();
  expect(openContent(_id, content as Sealed).text).toMatch(
    /\nhttps:\/\/dashboard\.example\.test\/reset-password#token=[\w-]{43}\n/,
  );
});
