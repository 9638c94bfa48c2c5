import { randomUUID } from 'node:crypto';
import { failureOf, jsonOf } from './answer.js';
import { type Content, jsonContent } from './content.js';
import { KEYED, type Operations, VERSION } from './generated.js';
import type { ClientOptions, KeyedOptions } from './options.js';
import { withRetries } from './retry.js';
import { TimeLimit } from './time-limit.js';
import { pathOf, queryOf } from './url.js';

const TIMEOUT_MS = 30_000;
const MAX_RETRIES = 3;
const HEADER_VALUE = /^[\x21-\x7e]+$/;
const KEY = /^[\x20-\x7e]{1,255}$/;

/** `POST /api/campaigns/{id}/send`. */
export type Operation = keyof Operations;

/** What the hub answers, without its `success`. */
export type Answer<O extends Operation> = Operations[O]['answer'];

type ParamsOf<Path> = Path extends `${string}{${infer Name}}${infer Rest}` ? Name | ParamsOf<Rest> : never;
type QueryOf<O extends Operation> = Operations[O] extends { query: infer Query } ? Query : never;
type BodyOf<O extends Operation> = Operations[O] extends { body: infer Body } ? Body : never;

/** What a call of an operation is made of. */
export interface Call<O extends Operation> {
  /** What stands in the path. */
  params?: Record<ParamsOf<O>, string>;
  query?: QueryOf<O> | undefined;
  body?: BodyOf<O>;
  options?: KeyedOptions | undefined;
}

/** The hub over HTTP: every call of the SDK goes through here. */
export class Http {
  readonly #apiKey: string;
  readonly #baseUrl: string;
  readonly #options: Omit<ClientOptions, 'apiKey' | 'baseUrl'>;

  /** @throws TypeError for an API key or a base URL that cannot be one. */
  constructor({ apiKey = '', baseUrl = '', ...options }: ClientOptions) {
    if (!HEADER_VALUE.test(apiKey)) throw new TypeError('apiKey must be a key of your business on the hub');
    if (!/^https?:\/\/[^/]/.test(baseUrl)) {
      throw new TypeError('baseUrl must say where the hub is, e.g. https://mail.example.com');
    }
    this.#apiKey = apiKey;
    this.#baseUrl = baseUrl.replace(/\/+$/, '');
    this.#options = options;
  }

  /** Makes a call, as often as it needs. @throws HubError when it fails; the signal's reason when that is aborted. */
  async call<O extends Operation>(operation: O, call: Call<O> = {}): Promise<Answer<O>> {
    const content = call.body === undefined ? undefined : jsonContent(call.body);
    const idempotencyKey = KEYED.has(operation) ? keyOf(call.options) : undefined;
    return this.#perform(operation, call, { content, idempotencyKey }, (response) =>
      jsonOf<Answer<O>>(response, idempotencyKey),
    );
  }

  /** Takes something away. Where it is gone after a try that got no answer, that try did it. @throws as `call`. */
  async remove<O extends Operation>(operation: O, call: Call<O>): Promise<void> {
    await this.#perform(operation, call, {}, async (response, isInDoubt) => {
      if (response.status === 404 && isInDoubt) return;
      await jsonOf(response);
    });
  }

  /** Sends a file as it is read, without a limit of time. @throws as `call`; and what reading the file throws. */
  async upload<O extends Operation>(operation: O, call: Call<O>, content: Content): Promise<Answer<O>> {
    const untimed = { ...call, options: { ...call.options, timeoutMs: call.options?.timeoutMs ?? 0 } };
    return this.#perform(operation, untimed, { content }, (response) => jsonOf<Answer<O>>(response));
  }

  /** A file. The limit of time is for its beginning, and breaks in it are the reader's to see. @throws as `call`. */
  async download<O extends Operation>(operation: O, call: Call<O>): Promise<ReadableStream<Uint8Array>> {
    return this.#perform(operation, call, {}, async (response) => {
      if (!response.ok || !response.body) throw await failureOf(response);
      return response.body;
    });
  }

  async #perform<O extends Operation, T>(
    operation: O,
    { params, query, options = {} }: Call<O>,
    { content, idempotencyKey }: { content?: Content | undefined; idempotencyKey?: string | undefined },
    read: (response: Response, isInDoubt: boolean) => Promise<T>,
  ): Promise<T> {
    const [method = '', path = ''] = operation.split(' ');
    const url = `${this.#baseUrl}${pathOf(path, params)}${queryOf(query as object | undefined)}`;
    const headers = {
      authorization: `Bearer ${this.#apiKey}`,
      'user-agent': `power-mta-hub-sdk/${VERSION}`,
      ...(content ? { 'content-type': content.type } : {}),
      ...(idempotencyKey ? { 'idempotency-key': idempotencyKey } : {}),
    };
    const {
      timeoutMs = TIMEOUT_MS,
      maxRetries = MAX_RETRIES,
      fetch: send = fetch,
    } = { ...this.#options, ...given(options) };
    const attempt = async (isInDoubt: boolean) => {
      const limit = new TimeLimit(timeoutMs, options.signal);
      try {
        const body = content?.open() ?? null;
        // A redirect would make a POST a GET, or take the key elsewhere.
        const request = {
          method,
          headers,
          body,
          redirect: 'manual',
          duplex: 'half',
          signal: limit.signal,
        } as RequestInit;
        return await read(await send(url, request), isInDoubt);
      } catch (error) {
        options.signal?.throwIfAborted();
        content?.throwIfBroken?.();
        throw limit.explain(error, `${method} ${path}`, idempotencyKey);
      } finally {
        limit.end();
        content?.close?.();
      }
    };
    // What creates or sends has a key or is a stream, and what has neither changes nothing by being done again.
    const isRepeatable = content?.isRepeatable ?? true;
    return withRetries(attempt, { maxRetries, isRepeatable, signal: options.signal });
  }
}

/** @throws TypeError for a key that the hub would refuse. */
function keyOf({ idempotencyKey = randomUUID() }: KeyedOptions = {}): string {
  if (KEY.test(idempotencyKey)) return idempotencyKey;
  throw new TypeError('idempotencyKey must have 1 to 255 characters of printable ASCII');
}

/** Without what is undefined, which would hide the client's own. */
function given<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
