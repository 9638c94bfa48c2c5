import { Router } from 'express';
import { describe } from '../middleware/validate.js';
import { ACCEPT_INVITATION, RESET_PASSWORD } from '../pages/account-pages.js';
import { sendPage } from '../public-page.js';
import { ShowAcceptInvitation, ShowResetPassword } from '../schemas/auth.js';

export const resetPasswordPage = Router();
export const acceptInvitationPage = Router();

// Both are the same for everybody: the token is in the fragment, which no server sees.
resetPasswordPage.get('/', describe(ShowResetPassword), (_req, res) => sendPage(res, 200, RESET_PASSWORD));
acceptInvitationPage.get('/', describe(ShowAcceptInvitation), (_req, res) => sendPage(res, 200, ACCEPT_INVITATION));
