import { BrokenStream } from './broken-stream.js';
import { MAX_LINE_BYTES } from './entry.js';

/** The same text with `\n` at the end of its lines, whichever of CR LF, CR and LF stood there. */
export async function* unixLines(text: AsyncIterable<string>): AsyncGenerator<string> {
  let held = '';
  for await (const part of text) {
    const joined = held + part;
    // Whether an LF follows is seen with the next part.
    held = joined.endsWith('\r') ? '\r' : '';
    const settled = held ? joined.slice(0, -1) : joined;
    yield settled.includes('\r') ? settled.replace(/\r\n?/g, '\n') : settled;
  }
  if (held) yield '\n';
}

/**
 * The same text in blocks that end with a line, so that half a line is never taken for a whole one; the first holds a line
 * with content. A line of more than 64 kB comes in parts.
 */
export async function* lineBlocks(text: AsyncIterable<string>): AsyncGenerator<string> {
  let held = '';
  for await (const part of text) {
    held += part;
    const isTooLong = held.length > MAX_LINE_BYTES;
    const end = held.lastIndexOf('\n') + 1 || (isTooLong ? held.length : 0);
    if (end === 0 || (!isTooLong && isBlank(held))) continue;
    yield held.slice(0, end);
    held = held.slice(end);
  }
  if (held) yield held;
}

const isBlank = (text: string): boolean => text.search(/[^\n]/) === -1;

/**
 * The text line by line, a block at a time; the last line needs no line end.
 * @throws BrokenStream at a line of more than 64 kB, after the lines before it.
 */
export async function* wholeLines(text: AsyncIterable<string>): AsyncGenerator<string[]> {
  let rest = '';
  for await (const part of text) {
    const lines = (rest + part).split('\n');
    rest = lines.pop() ?? '';
    const long = lines.findIndex(isTooLong);
    if (long !== -1) {
      yield lines.slice(0, long);
      throw tooLong();
    }
    yield lines;
    if (isTooLong(rest)) throw tooLong();
  }
  if (rest !== '') yield [rest];
}

/** Counts bytes only where the characters do not settle it: one takes three at most. */
function isTooLong(line: string): boolean {
  return line.length * 3 > MAX_LINE_BYTES && Buffer.byteLength(line) > MAX_LINE_BYTES;
}

const tooLong = () => new BrokenStream(`has a line of more than ${MAX_LINE_BYTES} bytes`);
