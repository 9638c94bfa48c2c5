import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { prove } from '../../src/ses/prove.js';

const QUOTA = `<GetSendQuotaResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><GetSendQuotaResult>
<SentLast24Hours>0</SentLast24Hours><Max24HourSend>200</Max24HourSend><MaxSendRate>1</MaxSendRate>
</GetSendQuotaResult></GetSendQuotaResponse>`;

/** SES answers; STS begins to, and never ends. */
const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  response.writeHead(200, { 'Content-Type': 'text/xml' });
  if (body.includes('GetSendQuota')) response.end(QUOTA);
  else response.write('<');
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.env.SES_ENDPOINT = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

afterAll(() => {
  server.close();
  server.closeAllConnections();
});

describe('the proof of credentials', () => {
  it('does without the account’s id where STS does not answer in time', async () => {
    const proven = await prove({ accessKeyId: 'AKIA', secretAccessKey: 's', region: 'eu-west-1' });
    expect(proven).toEqual({ quota: { maxPerSecond: 1, maxPer24Hours: 200, sentLast24Hours: 0 } });
  }, 10_000);
});
