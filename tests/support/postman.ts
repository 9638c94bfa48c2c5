import { randomUUID } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import type { Auth, Collection, Event, Folder, Item } from '../../scripts/postman/format.js';
import type { Reply, Request } from './server.js';

/** A request of the collection, with what it inherits. */
export interface Placed {
  item: Item;
  folder: string;
  auth: Auth;
}

/** What a request of the collection came to. */
export interface Outcome {
  reply: Reply;
  /** The names of the tests in its script, and why each failed. */
  tests: { name: string; error: string | undefined }[];
}

/** Every request, in the order in which Postman shows them. */
export function requestsOf({ item: folders, auth }: Collection): Placed[] {
  return folders.flatMap((folder: Folder) =>
    folder.item.map((item) => ({ item, folder: folder.name, auth: item.request.auth ?? folder.auth ?? auth })),
  );
}

/** As Postman does it: what no variable is called stays as it stands. */
export function resolved(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\{\{([^{}]*)\}\}/g, (whole, name: string) => {
    if (name === '$guid') return randomUUID();
    const value = variables.get(name);
    return value === undefined ? whole : resolved(value, variables);
  });
}

/**
 * Sends a request of the collection as Postman would, its scripts included.
 * @param variables the collection's; its scripts change them.
 */
export async function send(
  placed: Placed,
  { collection, variables }: { collection: Collection; variables: Map<string, string> },
  ask: (request: Request) => Promise<Reply>,
): Promise<Outcome> {
  const scripts = [...collection.event, ...placed.item.event];
  run(scripts, 'prerequest', { variables });
  const reply = await ask(overTheWire(placed, variables));
  return { reply, tests: run(scripts, 'test', { variables, reply }) };
}

function overTheWire({ item: { request }, auth }: Placed, variables: ReadonlyMap<string, string>): Request {
  const fill = (text: string) => resolved(text, variables);
  const named = new Map(request.url.variable?.map(({ key, value }) => [`:${key}`, fill(value)]));
  const path = request.url.path.map((part) => encodeURIComponent(named.get(part) ?? fill(part))).join('/');
  const query = (request.url.query ?? []).filter(({ disabled }) => !disabled);
  const search = new URLSearchParams(query.map(({ key, value }): [string, string] => [key, fill(value)])).toString();
  const headers = request.header
    .filter(({ disabled }) => !disabled)
    .map(({ key, value }) => [key.toLowerCase(), fill(value)]);
  return {
    method: request.method,
    path: `/${path}${search ? `?${search}` : ''}`,
    headers: { ...Object.fromEntries(headers), ...credentialsOf(auth, fill) },
    body: request.body && fill(request.body.raw),
  };
}

function credentialsOf(auth: Auth, fill: (text: string) => string): Record<string, string> {
  if (auth.type === 'noauth') return {};
  const fields = auth.type === 'bearer' ? auth.bearer : auth.apikey;
  const of = (key: string) => fill(fields.find((field) => field.key === key)?.value ?? '');
  return auth.type === 'bearer' ? { authorization: `Bearer ${of('token')}` } : { [of('key')]: of('value') };
}

function run(
  events: readonly Event[],
  listen: Event['listen'],
  { variables, reply }: { variables: Map<string, string>; reply?: Reply },
): Outcome['tests'] {
  const tests: Outcome['tests'] = [];
  const pm = {
    collectionVariables: { set: (key: string, value: string) => variables.set(key, value) },
    response: reply && {
      code: reply.status,
      json: () => JSON.parse(reply.text),
      to: { have: { status: (status: number) => expected(reply.status, status) } },
    },
    test: (name: string, check: () => void) => tests.push({ name, error: errorOf(check) }),
  };
  for (const event of events) if (event.listen === listen) runInNewContext(event.script.exec.join('\n'), { pm, Date });
  return tests;
}

function expected(status: number, wanted: number): void {
  if (status !== wanted) throw new Error(`expected ${wanted}, and it was ${status}`);
}

function errorOf(check: () => void): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    return String(error);
  }
}
