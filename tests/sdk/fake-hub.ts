import { type ClientOptions, PowerMtaHub } from '@power-mta-hub/sdk';

/** What a hub does with a request: an answer, or what `fetch` throws. */
type Turn = Response | Error | ((request: Request) => Response | Promise<Response>);

/** A client of a hub that does these things one after the other, and what it was asked. */
export function fakeHub(turns: readonly Turn[], options: Partial<ClientOptions> = {}) {
  const asked: Request[] = [];
  const hub = new PowerMtaHub({
    apiKey: 'pmh_test_key',
    baseUrl: 'http://hub.test/',
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const turn = turns[asked.push(request) - 1];
      if (turn instanceof Error) throw turn;
      if (!turn) throw new Error(`There is no turn ${asked.length}`);
      return typeof turn === 'function' ? turn(request) : turn;
    },
    ...options,
  });
  return { hub, asked };
}

/** A success with these fields. */
export const ok = (fields: object, status = 200) => Response.json({ success: true, ...fields }, { status });

/** A refusal. */
export const refused = (status: number, code: string, fields: object = {}, headers: Record<string, string> = {}) =>
  Response.json({ success: false, code, message: `It is ${code}`, requestId: 'r-1', ...fields }, { status, headers });

/** What `fetch` throws when the connection breaks. */
export const broken = () => new TypeError('fetch failed', { cause: new Error('read ECONNRESET') });

/** An answer that never comes. */
export const silent = ({ signal }: Request) =>
  new Promise<Response>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
