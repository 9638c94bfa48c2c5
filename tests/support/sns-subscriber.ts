import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BusinessModel } from '../../src/models/business.js';

/**
 * Stands where the hub's inbound URL leads to: confirms subscriptions, as the hub does, of topics that are stored by then.
 * @returns its `http://host:port`.
 */
export async function startSubscriber(): Promise<{ url: string; notifications: Record<string, unknown>[] }> {
  const notifications: Record<string, unknown>[] = [];
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const message = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, string>;
      const token = req.url?.split('/').at(-1) ?? '';
      take(token, message).then(
        (status) => res.writeHead(status).end(),
        () => res.writeHead(503).end(),
      );
    });
  });
  const take = async (token: string, message: Record<string, string>) => {
    const tokenHash = createHash('sha256').update(token).digest('hex');
    const where = { 'eventWiring.tokenHash': tokenHash, 'eventWiring.topicArn': message.TopicArn as string };
    if (message.Type === 'Notification') {
      notifications.push({ token, ...message });
      return 200;
    }
    if (!(await BusinessModel.exists(where))) return 403;
    await fetch(message.SubscribeURL as string);
    await BusinessModel.updateOne(where, { $set: { 'eventWiring.confirmedAt': new Date() } });
    return 200;
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // Whatever else runs decides how long the process lives.
  server.unref();
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, notifications };
}
