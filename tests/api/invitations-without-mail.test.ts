import { expect, it } from 'vitest';
import { InvitationModel } from '../../src/models/invitation.js';
import { register } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';

useHub();

it('invites nobody where the hub has no SES account of its own, and says what is missing', async () => {
  const { token } = await register();
  const answer = await api()
    .post('/api/users/invite')
    .auth(token, { type: 'bearer' })
    .send({ email: 'guest@people.test', permissions: [] })
    .expect(503);
  expect(answer.body).toMatchObject({ code: 'unavailable', message: expect.stringContaining('MASTER_SES_ACCESS_KEY') });
  expect(await InvitationModel.countDocuments()).toBe(0);
});
