import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startInbox } from '../../src/embedded/inbox.js';
import { until } from '../support/until.js';
import { mail, PATIENT, sdk, useSes } from './ses-client.js';

const PLENTY = { account: { maxSendRate: 10_000, max24HourSend: -1 } };

describe('handing mail on to the web inbox', () => {
  it('shows there everything that was accepted', async () => {
    const inbox = await startInbox();
    onTestFinished(inbox.close);
    const { endpoint, control } = await useSes({ ...PLENTY, inboxUrl: inbox.url });
    const client = sdk(endpoint, 'AKIATEST', PATIENT);
    await Promise.all(Array.from({ length: 60 }, (_, index) => client.send(mail(`a${index}@example.net`))));
    await until(async () => (await control.inbox()).onTheWay === 0);
    expect(await control.inbox()).toEqual({ url: inbox.url, onTheWay: 0, delivered: 60, failed: 0 });
    const store = (await (await fetch(new URL('/store', inbox.url))).json()) as {
      emails: { subject: string; destination: { to: string[] } }[];
    };
    expect(new Set(store.emails.flatMap(({ destination }) => destination.to)).size).toBe(60);
    expect(await (await fetch(inbox.url)).text()).toContain('<html');
  });

  it('lets the senders wait for a slow inbox, and tries again what it did not take', async () => {
    const SENDS = 220;
    const held: ServerResponse[] = [];
    let refusals = 0;
    let isOpen = false;
    const slow = createServer((request, response) => {
      request.resume().on('end', () => {
        if (refusals < 4) {
          refusals++;
          response.writeHead(503).end();
        } else if (isOpen) response.end();
        else held.push(response);
      });
    }).listen(0, '127.0.0.1');
    onTestFinished(() => {
      slow.close();
      slow.closeAllConnections();
    });
    await until(() => slow.listening);
    const inboxUrl = `http://127.0.0.1:${(slow.address() as AddressInfo).port}`;
    const { endpoint, control } = await useSes({ ...PLENTY, inboxUrl });
    const client = sdk(endpoint, 'AKIATEST', PATIENT);
    let answered = 0;
    const sends = Array.from({ length: SENDS }, async (_, index) => {
      await client.send(mail(`a${index}@example.net`));
      answered++;
    });
    await until(async () => (await control.totals()).accepted === SENDS);
    expect(answered).toBeLessThan(SENDS);
    isOpen = true;
    for (const response of held) response.end();
    await Promise.all(sends);
    await until(async () => (await control.inbox()).onTheWay === 0);
    expect(await control.inbox()).toMatchObject({ delivered: SENDS, failed: 0 });
    expect(refusals).toBe(4);
  });
});
