import type { SystemMailContent } from './system-mail.js';

/** What somebody reads who has forgotten his password, or for whom another says so. */
export function resetMail(link: string): SystemMailContent {
  return {
    subject: 'Choose a new password',
    text: `Hello,

somebody, most likely you, has asked for a new password for your account at Power MTA Hub.

Choose one here, within an hour:

${link}

The link works once. If you asked for nothing, leave it: your password stays as it is, and nobody else got this link.
`,
  };
}
