import type { Business } from '../models/business.js';
import type { SystemMailContent } from './system-mail.js';

/** What an invited person reads. `host` is who invited him. */
export function invitationMail(
  { name }: Pick<Business, 'name'>,
  host: string | undefined,
  link: string,
): SystemMailContent {
  return {
    subject: `Your invitation to ${name}`,
    text: `Hello,

${host ?? name} invites you to work with ${name} on its mail: campaigns, templates and what became of them.

Choose a password here, within seven days:

${link}

The link works once. If this means nothing to you, leave it: without the link nobody becomes anything in your name.
`,
  };
}
