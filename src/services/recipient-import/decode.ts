import { isAscii, isUtf8 } from 'node:buffer';
import { BrokenStream } from './broken-stream.js';
import { type Encoding, encodingByFirstLetter, encodingOf, encodingOfMark, unfinishedBytes } from './encoding.js';

const NOTHING = Buffer.alloc(0);
const LONGEST_MARK = 3;

/**
 * The text of a file of unknown origin, piece by piece as it comes. A byte-order mark says its encoding, else `charset`,
 * else its first character beyond ASCII: UTF-8 or Windows-1252. Once that is known it holds to the end.
 * @throws BrokenStream where the bytes are not of that encoding, or the connection was cut; what stood before them
 *   has been yielded, for UTF-8 up to the last whole line.
 * @throws AppError 415 for a charset that nobody knows.
 */
export async function* decode(bytes: AsyncIterable<Buffer>, charset?: string): AsyncGenerator<string> {
  const declared = charset === undefined ? undefined : encodingOf(charset);
  let decoder: Decoder | undefined;
  let isStart = true;
  let held: Buffer = NOTHING;
  for await (const chunk of received(bytes)) {
    let block = join(held, chunk);
    held = NOTHING;
    if (isStart) {
      if (block.length < LONGEST_MARK) {
        held = block;
        continue;
      }
      isStart = false;
      const mark = encodingOfMark(block);
      const encoding = mark?.encoding ?? declared;
      if (mark) block = block.subarray(mark.skip);
      if (encoding) decoder = decoderOf(encoding);
    }
    if (!decoder) {
      if (isAscii(block)) {
        yield block.toString('latin1');
        continue;
      }
      const encoding = encodingByFirstLetter(block);
      if (!encoding) {
        held = block;
        continue;
      }
      decoder = decoderOf(encoding);
    }
    yield* decoder.write(block);
  }
  if (held.length > 0) {
    // Fewer bytes than a mark, or an unfinished sequence: then the file was not UTF-8.
    decoder = decoderOf(declared ?? encodingByFirstLetter(held) ?? (isAscii(held) ? 'utf-8' : 'windows-1252'));
    yield* decoder.write(held);
  }
  decoder?.end();
}

interface Decoder {
  write(block: Buffer): Generator<string>;
  /** @throws BrokenStream when the last character was cut short. */
  end(): void;
}

function decoderOf(encoding: Encoding): Decoder {
  return encoding === 'utf-8' ? utf8() : other(encoding);
}

/** By hand and not by `TextDecoder`, so that the whole lines before a bad byte are not lost with it. */
function utf8(): Decoder {
  let tail: Buffer = NOTHING;
  return {
    *write(block) {
      const joined = join(tail, block);
      const end = joined.length - unfinishedBytes(joined);
      const whole = joined.subarray(0, end);
      tail = joined.subarray(end);
      if (!isUtf8(whole)) {
        yield validLines(whole).toString();
        throw new BrokenStream('has bytes that are not UTF-8');
      }
      yield whole.toString();
    },
    end() {
      if (tail.length > 0) throw new BrokenStream('ends in the middle of a UTF-8 character');
    },
  };
}

function other(encoding: Encoding): Decoder {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const decoded = (block?: Buffer) => {
    try {
      // Always streaming: Node 20 decodes 80 to 9F of Windows-1252 wrongly in one go (nodejs/node#56542).
      return decoder.decode(block, { stream: block !== undefined });
    } catch (cause) {
      throw new BrokenStream(`has bytes that are not ${encoding}`, undefined, { cause });
    }
  };
  return {
    *write(block) {
      yield decoded(block);
    },
    end: () => void decoded(),
  };
}

function validLines(bytes: Buffer): Buffer {
  let end = 0;
  for (let next = bytes.indexOf(10) + 1; next > 0; next = bytes.indexOf(10, next) + 1) {
    if (!isUtf8(bytes.subarray(end, next))) break;
    end = next;
  }
  return bytes.subarray(0, end);
}

/** Reading a request fails in one way only: its sender is gone. */
async function* received(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* bytes;
  } catch (cause) {
    throw new BrokenStream('was cut off by its sender', undefined, { cause });
  }
}

const join = (head: Buffer, rest: Buffer): Buffer => (head.length === 0 ? rest : Buffer.concat([head, rest]));
