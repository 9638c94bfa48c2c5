import { type Request, Router } from 'express';
import { authenticate } from '../middleware/authenticate.js';
import { authorize } from '../middleware/authorize.js';
import { usersOnly } from '../middleware/users-only.js';
import { handle } from '../middleware/validate.js';
import {
  ChangePassword,
  ForgotPassword,
  GetMe,
  Login,
  Logout,
  presentIdentity,
  Refresh,
  Register,
  ResetPassword,
} from '../schemas/auth.js';
import * as accountPasswords from '../services/account-passwords.js';
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
  handle(Login, async ({ body, req }) => {
    const { token, ...identity } = await service.login(body, ipOf(req));
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

auth.post(
  '/refresh',
  authenticate,
  authorize('signed_in'),
  usersOnly('have a session'),
  handle(Refresh, async ({ caller }) => ({ token: service.refresh(caller) })),
);

auth.post(
  '/logout',
  authenticate,
  authorize('signed_in'),
  usersOnly('have a session'),
  handle(Logout, async ({ caller }) => {
    await service.logout(caller);
    return {};
  }),
);

auth.post(
  '/change-password',
  authenticate,
  authorize('signed_in'),
  usersOnly('have a password'),
  handle(ChangePassword, async ({ caller, body, req }) => ({
    token: await accountPasswords.change(caller, body, ipOf(req)),
  })),
);

auth.post(
  '/forgot-password',
  handle(ForgotPassword, async ({ body }) => {
    await accountPasswords.forgot(body.email);
    return {};
  }),
);

auth.post(
  '/reset-password',
  handle(ResetPassword, async ({ body, req }) => {
    await accountPasswords.reset(body.token, body.password, ipOf(req));
    return {};
  }),
);

/** Gone where the connection is. */
const ipOf = ({ ip = '' }: Request) => ip;
