import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** What a name has. */
export interface DnsName {
  A?: string[];
  AAAA?: string[];
  CNAME?: string;
  MX?: { priority: number; exchange: string }[];
  TXT?: string[];
  /** Never answered, whatever is asked of it. */
  silent?: boolean;
}

const TYPES = { A: 1, CNAME: 5, MX: 15, TXT: 16, AAAA: 28 } as const;
const NO_SUCH_NAME = 3;
const SERVER_FAILURE = 2;

/** A DNS server over UDP (RFC 1035), as small as the tests need it. */
export class NameServer {
  /** What there is, by lower-case name. */
  readonly names = new Map<string, DnsName>();
  /** Whether it answers nothing but failures. */
  isBroken = false;
  /** Whether it answers nothing at all. */
  isSilent = false;
  /** The names that it was asked for. */
  readonly asked: string[] = [];
  private readonly socket = createSocket('udp4');

  /** Listens on a free port. @returns its `host:port`. */
  async start(): Promise<string> {
    this.socket.on('message', (query, { port, address }) => {
      const answer = this.answer(query);
      if (answer) this.socket.send(answer, port, address);
    });
    this.socket.bind(0, '127.0.0.1');
    await once(this.socket, 'listening');
    // Whatever else runs decides how long the process lives.
    this.socket.unref();
    return `127.0.0.1:${this.socket.address().port}`;
  }

  private answer(query: Buffer): Buffer | undefined {
    const { name, type, end } = questionOf(query);
    this.asked.push(name);
    const known = this.names.get(name);
    if (this.isSilent || known?.silent) return undefined;
    const data = known && !this.isBroken ? dataOf(known, type) : [];
    const code = this.isBroken ? SERVER_FAILURE : known ? 0 : NO_SUCH_NAME;
    const head = Buffer.alloc(12);
    query.copy(head, 0, 0, 2);
    head.writeUInt16BE(0x8180 | code, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(data.length, 6);
    return Buffer.concat([head, query.subarray(12, end), ...data.map((one) => record(type, one))]);
  }
}

function dataOf({ A = [], AAAA = [], CNAME, MX = [], TXT = [] }: DnsName, type: number): Buffer[] {
  switch (type) {
    case TYPES.A:
      return A.map((ip) => Buffer.from(ip.split('.').map(Number)));
    case TYPES.AAAA:
      // Written out in full: eight groups.
      return AAAA.map((ip) =>
        Buffer.from(ip.split(':').flatMap((group) => [...Buffer.from(group.padStart(4, '0'), 'hex')])),
      );
    case TYPES.CNAME:
      return CNAME ? [encodeName(CNAME)] : [];
    case TYPES.MX:
      return MX.map(({ priority, exchange }) => Buffer.concat([Buffer.from([0, priority]), encodeName(exchange)]));
    case TYPES.TXT:
      return TXT.map((text) =>
        Buffer.concat(pieces(text).map((one) => Buffer.concat([Buffer.from([one.length]), one]))),
      );
    default:
      return [];
  }
}

/** A text is stored in pieces of at most 255 bytes; shorter ones here, so that they are put together again. */
function pieces(text: string): Buffer[] {
  return (text.match(/.{1,20}/gs) ?? ['']).map((piece) => Buffer.from(piece));
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
  const head = Buffer.from([0xc0, 0x0c, 0, type, 0, 1, 0, 0, 0, 0, 0, 0]);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function encodeName(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}
