import { Agent } from 'node:http';
import { SESClient, SendRawEmailCommand } from '@aws-sdk/client-ses';
import MailComposer from 'nodemailer/lib/mail-composer';
import { FROM, HTML, recipient, SUBJECT, TEXT } from './message.js';

/**
 * What a hub is measured against: nodemailer's MIME and `SESClient.send` in a loop, nothing else. A process of its own.
 * Arguments: endpoint, count, concurrency. Says `ready`, works on `go`, says `done` when every message was accepted.
 */
const [endpoint = '', count = '0', concurrency = '16'] = process.argv.slice(2);
const client = new SESClient({
  endpoint,
  region: 'eu-west-1',
  credentials: { accessKeyId: 'AKIABENCHBARE', secretAccessKey: 'secret' },
  maxAttempts: 1,
  requestHandler: {
    httpAgent: new Agent({ keepAlive: true, maxSockets: Number(concurrency) }),
    requestTimeout: 15_000,
  },
});

let next = 0;
async function lane(): Promise<void> {
  while (next < Number(count)) {
    const to = recipient(next++);
    const mail = new MailComposer({ from: FROM, to, subject: SUBJECT, html: HTML, text: TEXT });
    const raw = await mail.compile().build();
    await client.send(new SendRawEmailCommand({ RawMessage: { Data: raw }, Source: FROM.address, Destinations: [to] }));
  }
}

process.on('message', async () => {
  await Promise.all(Array.from({ length: Number(concurrency) }, lane));
  process.send?.('done');
});
process.send?.('ready');
