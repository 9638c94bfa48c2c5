import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { noteSecrets } from './evidence.js';

/** The fields of bodies, to and fro, that hold a secret. */
const FIELDS = /^(password|(current|new|old)Password|token|key|secret|secretAccessKey)$/;
const IN_URL = /\/(?:t\/[oc]|u|api\/inbound\/ses)\/([\w.~-]{16,})/g;

/** The app, of whose requests and answers every secret is noted. */
export function watched(app: RequestListener): RequestListener {
  return (req: IncomingMessage & { body?: unknown }, res: ServerResponse) => {
    const { authorization = '', 'x-api-key': key } = req.headers;
    noteSecrets(authorization.split(' ').at(-1), ...[key].flat(), ...tokensIn(req.url ?? ''));
    const end = res.end.bind(res) as (...args: unknown[]) => ServerResponse;
    res.end = ((...args: unknown[]) => {
      if (String(res.getHeader('content-type')).startsWith('application/json'))
        noteSecrets(...secretsOf(parsed(args[0])));
      noteSecrets(...secretsOf(req.body));
      return end(...args);
    }) as typeof res.end;
    app(req as IncomingMessage, res as Parameters<RequestListener>[1]);
  };
}

/** Bodies of the tests may be nested without end; secrets are not. */
const MAX_DEPTH = 8;

function secretsOf(value: unknown, name = '', depth = 0): string[] {
  if (typeof value === 'string') return [...(FIELDS.test(name) ? [value] : []), ...tokensIn(value)];
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    secretsOf(inner, Array.isArray(value) ? name : key, depth + 1),
  );
}

function tokensIn(text: string): string[] {
  return [...text.matchAll(IN_URL)].flatMap(([, token]) => token ?? []);
}

function parsed(body: unknown): unknown {
  try {
    return JSON.parse(String(body));
  } catch {
    return undefined;
  }
}
