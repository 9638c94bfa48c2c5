// What a hub is measured against: nodemailer's MIME and `SESClient.send` in a loop, nothing else. Plain JavaScript in a
// process of its own, so that no loader counts against it. Says `ready`, takes one message that says what to send, and
// says `done` when every message was accepted.
import { Agent } from 'node:http';
import { SESClient, SendRawEmailCommand } from '@aws-sdk/client-ses';
import MailComposer from 'nodemailer/lib/mail-composer';

/** @param {{ endpoint: string, recipients: number, concurrency: number, from: { name: string, address: string }, subject: string, html: string, text: string }} job */
async function run({ endpoint, recipients, concurrency, from, subject, html, text }) {
  const client = new SESClient({
    endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIABENCHBARE', secretAccessKey: 'secret' },
    maxAttempts: 1,
    requestHandler: { httpAgent: new Agent({ keepAlive: true, maxSockets: concurrency }), requestTimeout: 15_000 },
  });
  let next = 0;
  const lane = async () => {
    while (next < recipients) {
      const to = `r${String(next++).padStart(7, '0')}@example.com`;
      const raw = await new MailComposer({ from, to, subject, html, text }).compile().build();
      await client.send(
        new SendRawEmailCommand({ RawMessage: { Data: raw }, Source: from.address, Destinations: [to] }),
      );
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
}

process.on('message', (job) => run(job).then(() => process.send?.('done')));
process.send?.('ready');
