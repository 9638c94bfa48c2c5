import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** What names have, in capitals by kind; `silent` names are never answered. */
export type Zone = Record<string, { CNAME?: string; A?: string[]; silent?: boolean }>;

const TYPES = { A: 1, CNAME: 5 } as const;
const NO_SUCH_NAME = 3;

/** A DNS server over UDP on a free port (RFC 1035), as small as the tests need it. @returns its `host:port`. */
export async function startNameServer(zone: Zone): Promise<{ address: string; close(): void }> {
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => {
    const { name, type, end } = questionOf(query);
    const known = zone[name];
    if (known?.silent) return;
    const answers = [
      ...(known?.CNAME && type !== TYPES.A ? [[TYPES.CNAME, encodeName(known.CNAME)] as const] : []),
      ...(known?.A ?? []).map((ip) => [TYPES.A, Buffer.from(ip.split('.').map(Number))] as const),
    ].filter(([kind]) => kind === type);
    const head = Buffer.alloc(12);
    query.copy(head, 0, 0, 2);
    head.writeUInt16BE(0x8180 | (known ? 0 : NO_SUCH_NAME), 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(answers.length, 6);
    socket.send(
      Buffer.concat([head, query.subarray(12, end), ...answers.map(([kind, data]) => record(kind, data))]),
      port,
      address,
    );
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { address: `127.0.0.1:${socket.address().port}`, close: () => socket.close() };
}

function questionOf(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.subarray(at + 1, at + 1 + length).toString());
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

/** The name is the question's: a pointer to where that stands. */
function record(type: number, data: Buffer): Buffer {
  const head = Buffer.from([0xc0, 0x0c, 0, type, 0, 1, 0, 0, 0, 60, 0, 0]);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function encodeName(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}
