/** What a request carries. */
export interface Content {
  type: string;
  /** Opened anew for each try. */
  open(): string | ReadableStream<Uint8Array>;
  /** It can be opened again: what is read as it comes is gone after one try. */
  isRepeatable: boolean;
  /** Lets go of what was opened, also where an answer came before its end. */
  close?(): void;
  /** @throws what reading it threw, in place of what that made of the request. */
  throwIfBroken?(): void;
}

/** Items one after the other; a function opens them anew, so that a call can be tried again. */
export type Source<T> =
  | Iterable<T>
  | AsyncIterable<T>
  | ReadableStream<T>
  | (() => Iterable<T> | AsyncIterable<T> | ReadableStream<T>);

/** A file's bytes, or its text: a string, or what is read as it comes, e.g. `createReadStream('list.csv')`. */
export type FileSource = string | Uint8Array | Source<string | Uint8Array>;

/** JSON is written once, and sent as often as needed. */
export function jsonContent(body: unknown): Content {
  const text = JSON.stringify(body);
  return { type: 'application/json', open: () => text, isRepeatable: true };
}

/** Newline-delimited JSON, an item a line, written as it is sent. */
export function ndjsonContent<T>(items: Source<T>): Content {
  return streamed('application/x-ndjson', items, (item) => `${JSON.stringify(item)}\n`);
}

/** A file as it is. */
export function fileContent(type: string, file: FileSource): Content {
  const source = typeof file === 'string' || file instanceof Uint8Array ? [file] : file;
  return streamed(type, source, (chunk) => chunk);
}

/** So many characters or bytes go out at once. */
const CHUNK = 65_536;

function streamed<T>(type: string, source: Source<T>, write: (item: T) => string | Uint8Array): Content {
  let broken: { error: unknown } | undefined;
  let opened: AsyncGenerator<Uint8Array, void, undefined> | undefined;
  const open = () => {
    const chunks = encoded(typeof source === 'function' ? source() : source, write);
    opened = chunks;
    broken = undefined;
    return new ReadableStream<Uint8Array>({
      async pull(controller) {
        try {
          const { done, value } = await chunks.next();
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          broken = { error };
          controller.error(error);
        }
      },
      async cancel() {
        await chunks.return(undefined);
      },
    });
  };
  return {
    type,
    open,
    isRepeatable: typeof source === 'function' || Array.isArray(source),
    close: () => {
      opened?.return().catch(() => undefined);
    },
    throwIfBroken: () => {
      if (broken) throw broken.error;
    },
  };
}

/** Small pieces are gathered. */
async function* encoded<T>(
  items: Iterable<T> | AsyncIterable<T> | ReadableStream<T>,
  write: (item: T) => string | Uint8Array,
): AsyncGenerator<Uint8Array, void, undefined> {
  const encoder = new TextEncoder();
  let text = '';
  for await (const item of items as AsyncIterable<T>) {
    const piece = write(item);
    if (typeof piece === 'string') text += piece;
    if (text.length >= CHUNK || (typeof piece !== 'string' && text)) {
      yield encoder.encode(text);
      text = '';
    }
    if (typeof piece !== 'string') yield piece;
  }
  if (text) yield encoder.encode(text);
}
