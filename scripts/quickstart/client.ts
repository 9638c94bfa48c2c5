import type { Readable } from 'node:stream';
import type { Answer, Operation } from '../../src/schemas/operation.js';

/** The hub over HTTP, as a sibling project calls it. The types of the answers are those of its contract. */
export interface Client {
  /** @throws Error with method, path, status and the hub's own message when the answer is a failure. */
  call<O extends Operation>(method: string, path: string, body?: object): Promise<Answer<O>>;
  /** POSTs a file, sent as it is read. @throws Error as `call`. */
  upload<O extends Operation>(path: string, type: string, file: Readable): Promise<Answer<O>>;
  /** The same hub with a token or an API key. */
  as(bearer: string): Client;
}

/** A client of the hub at this address, e.g. `http://localhost:5002`. Its calls end when the signal does. */
export function createClient(baseUrl: string, signal: AbortSignal, bearer?: string): Client {
  const request = async <A>(method: string, path: string, type?: string, body?: string | Readable): Promise<A> => {
    const headers = {
      ...(type ? { 'content-type': type } : {}),
      ...(bearer ? { authorization: `Bearer ${bearer}` } : {}),
    };
    const response = await fetch(`${baseUrl}${path}`, { method, headers, signal, duplex: 'half', body: body ?? null });
    if (response.ok) return (await response.json()) as A;
    throw new Error(`${method} ${path} answered ${response.status}: ${await messageOf(response)}`);
  };
  return {
    call: (method, path, body) =>
      body ? request(method, path, 'application/json', JSON.stringify(body)) : request(method, path),
    upload: (path, type, file) => request('POST', path, type, file),
    as: (other) => createClient(baseUrl, signal, other),
  };
}

async function messageOf(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const { code, message } = JSON.parse(text);
    return `${code}: ${message}`;
  } catch {
    return text.slice(0, 200);
  }
}
