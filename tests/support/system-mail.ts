import { type SystemMail, SystemMailModel } from '../../src/models/system-mail.js';
import type { Sealed } from '../../src/secrets.js';
import { openContent, type SystemMailContent } from '../../src/sending/system-mail/content.js';

/** What the hub has to say to an address, the latest first. */
export async function mailTo(email: string): Promise<(SystemMailContent & { expiresAt: Date })[]> {
  const waiting = await SystemMailModel.find({ to: email }).sort({ _id: -1 }).lean<SystemMail[]>();
  return waiting.map(({ _id, content, expiresAt }) => {
    if (!content) throw new Error(`mailTo: the message to ${email} is sent already, and its content gone`);
    return { ...openContent(_id, content as Sealed), expiresAt };
  });
}

/** The token in the fragment of the link in the latest message to an address. */
export async function tokenTo(email: string): Promise<string> {
  const [latest] = await mailTo(email);
  const [, token] = /#token=([\w-]+)/.exec(latest?.text ?? '') ?? [];
  if (!token) throw new Error(`tokenTo: no link to ${email}`);
  return token;
}
