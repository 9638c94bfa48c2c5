import { setMaxListeners } from 'node:events';
import type { Readable } from 'node:stream';
import type { Answer, Operation } from '../../src/schemas/operation.js';

/** An answer of the hub that is a failure. */
export class Refused extends Error {
  constructor(
    message: string,
    readonly status: number,
    /** The contract's `code`; empty where the answer was none of the contract's. */
    readonly code: string,
  ) {
    super(message);
  }
}

/** The hub over HTTP, as a sibling project calls it. The types of the answers are those of its contract. */
export interface Client {
  /**
   * @throws Refused with method, path, status and the hub's own message when the answer is a failure; TypeError when there
   * is no answer.
   */
  call<O extends Operation>(method: string, path: string, body?: object): Promise<Answer<O>>;
  /** POSTs a file, sent as it is read. @throws as `call`. */
  upload<O extends Operation>(path: string, type: string, file: Readable): Promise<Answer<O>>;
  /** The same hub with a token or an API key. */
  as(bearer: string): Client;
}

/** A client of the hub at this address, e.g. `http://localhost:5002`. Its calls end when the signal does. */
export function createClient(baseUrl: string, signal: AbortSignal, bearer?: string): Client {
  // Each call listens to it, and many are under way at once.
  setMaxListeners(0, signal);
  const request = async <A>(method: string, path: string, type?: string, body?: string | Readable): Promise<A> => {
    const headers = {
      ...(type ? { 'content-type': type } : {}),
      ...(bearer ? { authorization: `Bearer ${bearer}` } : {}),
    };
    const response = await fetch(`${baseUrl}${path}`, { method, headers, signal, duplex: 'half', body: body ?? null });
    if (response.ok) return (await response.json()) as A;
    const { code, message } = await failureOf(response);
    throw new Refused(`${method} ${path} answered ${response.status}: ${code}: ${message}`, response.status, code);
  };
  return {
    call: (method, path, body) =>
      body ? request(method, path, 'application/json', JSON.stringify(body)) : request(method, path),
    upload: (path, type, file) => request('POST', path, type, file),
    as: (other) => createClient(baseUrl, signal, other),
  };
}

async function failureOf(response: Response): Promise<{ code: string; message: string }> {
  const text = await response.text();
  try {
    const { code, message } = JSON.parse(text);
    return { code: String(code), message: String(message) };
  } catch {
    return { code: '', message: text.slice(0, 200) };
  }
}
