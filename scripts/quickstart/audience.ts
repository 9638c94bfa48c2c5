import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse';
import { parseAddress } from '../../src/addresses.js';
import { recipientLines } from './people.js';

/** The list that is part of the repository, and how many lines it has below its header. */
export const EXAMPLE_FILE = fileURLToPath(new URL('../../examples/recipients.csv', import.meta.url));
export const EXAMPLE_LINES = 1_000;

/** A list of recipients that can be read any number of times. */
export interface Source {
  /** What it is called on the screen. */
  name: string;
  open(): Readable;
}

/** Somebody on the list, as the sibling project knows them. */
export interface Person {
  name: string;
  city: string;
  bottle: string;
}

/** What a list should become: read here a second time, apart from the hub's own import. */
export interface Audience {
  /** Everybody to be mailed, by address as the hub spells it. */
  people: Map<string, Person>;
  duplicates: number;
  invalid: number;
  /** Lines below the header. */
  lines: number;
}

/** The example file; with a number of lines a list made for it. */
export function sourceOf(lines: number | undefined): Source {
  if (lines === undefined) return { name: 'examples/recipients.csv', open: () => createReadStream(EXAMPLE_FILE) };
  return {
    name: 'a made-up list',
    open: () => Readable.from(blocks(recipientLines(lines))),
  };
}

/** Reads a list and works out who is to be mailed: the first of equal addresses wins. */
export async function readAudience(source: Source): Promise<Audience> {
  const audience: Audience = { people: new Map(), duplicates: 0, invalid: 0, lines: 0 };
  const rows = source.open().pipe(parse({ columns: true, bom: true, delimiter: [',', ';', '\t'] }));
  for await (const row of rows as AsyncIterable<Record<string, string>>) {
    audience.lines += 1;
    const address = parseAddress(row.email ?? '');
    if (!('email' in address)) audience.invalid += 1;
    else if (audience.people.has(address.email)) audience.duplicates += 1;
    else {
      audience.people.set(address.email, { name: row.name ?? '', city: row.city ?? '', bottle: row.bottle ?? '' });
    }
  }
  return audience;
}

const BLOCK_CHARACTERS = 65_536;

/** Lines one by one would be a chunk of the request each. */
function* blocks(lines: Iterable<string>): Generator<Buffer> {
  let block = '';
  for (const line of lines) {
    block += line;
    if (block.length < BLOCK_CHARACTERS) continue;
    yield Buffer.from(block);
    block = '';
  }
  if (block) yield Buffer.from(block);
}
