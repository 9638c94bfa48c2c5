import { Router } from 'express';
import { authenticate } from '../middleware/authenticate.js';
import { authorize } from '../middleware/authorize.js';
import { usersOnly } from '../middleware/users-only.js';
import { handle } from '../middleware/validate.js';
import { GetMe, Login, presentIdentity, Register } from '../schemas/auth.js';
import * as service from '../services/auth.js';

export const auth = Router();

auth.post(
  '/register',
  handle(Register, async ({ body }) => {
    const { token, ...identity } = await service.register(body);
    return { token, ...presentIdentity(identity) };
  }),
);

auth.post(
  '/login',
  handle(Login, async ({ body }) => {
    const { token, ...identity } = await service.login(body.email, body.password);
    return { token, ...presentIdentity(identity) };
  }),
);

auth.get(
  '/me',
  authenticate,
  authorize('signed_in'),
  usersOnly('have an account'),
  handle(GetMe, async ({ caller }) => presentIdentity(await service.me(caller))),
);
