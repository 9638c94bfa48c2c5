import { expect, it } from 'vitest';
import { UserModel } from '../../src/models/user.js';
import { api, useHub } from '../support/hub.js';

// Read with the first call of `config()`, which is this file's own.
process.env.REGISTRATION = 'closed';
useHub();

it('lets nobody register where registration is closed, and says whom to ask', async () => {
  const answer = await api()
    .post('/api/auth/register')
    .send({ businessName: 'B', domain: 'b.test', email: 'a@b.test', password: 'Test123!', name: 'A' })
    .expect(403);
  expect(answer.body).toMatchObject({ code: 'forbidden', message: expect.stringContaining('administrator') });
  expect(await UserModel.countDocuments()).toBe(0);
});
