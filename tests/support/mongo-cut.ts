import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { afterEach } from 'vitest';

/** Where a process is stopped: its command reached MongoDB, whose answer never comes; or it never got there. */
export type Side = 'before' | 'after';

export interface Cut {
  /** What the process is to connect to. */
  uri: string;
  /** From now on the first such command stops everything. Resolves when it came, and with `after` when it is done. */
  at(side: Side, command: string, collection: string): Promise<void>;
}

/** A way to MongoDB that ends in the middle of a command, so that a process can be killed right there. */
export function useMongoCut(): (mongodbUri: string) => Promise<Cut> {
  const servers = new Set<Server>();
  const sockets = new Set<Socket>();
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    for (const server of servers) server.close();
    sockets.clear();
    servers.clear();
  });
  return async (mongodbUri) => {
    const target = new URL(mongodbUri);
    let armed: { side: Side; command: Buffer; reached: () => void } | undefined;
    let isCut = false;
    const server = createServer((client) => {
      const mongo = createConnection(Number(target.port), target.hostname);
      let isThis = false;
      for (const socket of [client, mongo]) {
        sockets.add(socket);
        socket.on('error', () => undefined);
      }
      client.on('data', (chunk) => {
        if (isCut) return;
        if (armed && chunk.includes(armed.command)) {
          isCut = true;
          isThis = true;
          if (armed.side === 'before') return armed.reached();
        }
        mongo.write(chunk);
      });
      mongo.on('data', (chunk) => {
        if (isThis) armed?.reached();
        if (!isCut) client.write(chunk);
      });
      client.on('close', () => mongo.destroy());
    });
    servers.add(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (typeof address !== 'object' || !address) throw new Error('The way to MongoDB has no port');
    const uri = new URL(mongodbUri);
    uri.port = String(address.port);
    const at: Cut['at'] = (side, command, collection) =>
      new Promise((reached) => {
        armed = { side, command: bsonString(command, collection), reached };
      });
    return { uri: uri.href, at };
  };
}

/** How a command begins on the wire: a string element of BSON (https://bsonspec.org/spec.html). */
function bsonString(name: string, value: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32LE(value.length + 1);
  return Buffer.concat([Buffer.from(`\x02${name}\0`), length, Buffer.from(`${value}\0`)]);
}
