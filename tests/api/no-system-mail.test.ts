import { expect, it } from 'vitest';
import { register, unique } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';

useHub();

it('a hub that sends no mail answers 503 to everybody who forgot the password, and says what its administrator has to do', async () => {
  const { email } = await register();
  for (const one of [email, `${unique()}@nowhere.test`]) {
    const { body } = await api().post('/api/auth/forgot-password').send({ email: one }).expect(503);
    expect(body).toMatchObject({ code: 'unavailable', message: expect.stringContaining('MASTER_SES_ACCESS_KEY') });
  }
});
