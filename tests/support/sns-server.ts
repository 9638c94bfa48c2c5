import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { generate } from 'selfsigned';

/** What tests need to speak as Amazon SNS does. */
export interface Sns {
  url: string;
  certificateUrl: string;
  /** PEM. */
  privateKey: string;
}

/** Serves a certificate, and confirms whatever subscription is asked for: `SNS_CERT_URL_PREFIX` names it. */
export async function startSns(): Promise<{ sns: Sns; close(): void }> {
  const { private: privateKey, cert } = await generate([{ name: 'commonName', value: 'sns.test' }]);
  const path = `/SimpleNotificationService-${randomBytes(16).toString('hex')}.pem`;
  const server = createServer(({ url = '' }, response) => {
    if (url === path) return response.end(cert);
    if (url.startsWith('/slow/')) return undefined;
    const { searchParams } = new URL(url, 'http://local');
    if (searchParams.get('Action') !== 'ConfirmSubscription') return response.writeHead(404).end();
    response.end(`<SubscriptionArn>${searchParams.get('TopicArn')}:confirmed</SubscriptionArn>`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    sns: { url, certificateUrl: `${url}${path}`, privateKey },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
