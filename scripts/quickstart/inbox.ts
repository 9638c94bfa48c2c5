import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { SesService } from '../../src/embedded/ses.js';
import type { Letter } from './letter.js';

/** The inbox holds its mail in memory and answers all of it at once, so it is given no more than so many. */
export const INBOX_LIMIT = 5_000;

const LOOK_MS = 100;

/** What `aws-ses-v2-local` answers to `GET /store`, as far as it is looked at. */
const Store = z.object({
  emails: z.array(
    z.object({
      messageId: z.string(),
      subject: z.string(),
      destination: z.object({ to: z.array(z.string()).length(1) }),
      body: z.object({ html: z.string(), text: z.string() }),
    }),
  ),
});

/** A message in the inbox. */
export interface InboxLetter extends Letter {
  id: string;
}

/** Everything in the inbox, once the local SES has handed on what it accepted. */
export async function readInbox(ses: SesService, inboxUrl: string, signal: AbortSignal): Promise<InboxLetter[]> {
  while ((await ses.inbox()).onTheWay > 0) await sleep(LOOK_MS, undefined, { signal });
  const response = await fetch(`${inboxUrl}/store`, { signal });
  const { emails } = Store.parse(await response.json());
  return emails.map(({ messageId, subject, destination, body }) => ({
    id: messageId,
    to: destination.to.join(),
    subject,
    ...body,
  }));
}

/** Lets no more mail into the inbox once it has enough; ends with the signal. */
export async function limitInbox(ses: SesService, signal: AbortSignal): Promise<void> {
  for (;;) {
    const { delivered, onTheWay } = await ses.inbox();
    if (delivered + onTheWay >= INBOX_LIMIT) break;
    await sleep(LOOK_MS, undefined, { signal });
  }
  await ses.setInbox(null);
}
