import { gzipSync } from 'node:zlib';
import { type Random, randomOf } from '../../../scripts/faults/random.js';
import type { JsonSchema } from '../../../src/docs/json-schemas.js';
import type { Call } from '../operations/case.js';
import type { Documented } from '../operations/index.js';
import { requestOf } from '../operations/request.js';
import type { Request } from '../server.js';
import { badBodies, jsonText } from './bodies.js';
import { pick } from './pick.js';
import { badTexts } from './values.js';

type Kind = (random: Random) => Request;

/** Whether the operation judges what it is given by a schema, and says so by a 422. */
export const isValidated = ({ operation }: Documented) => '422' in operation.responses;

/**
 * Makes malformed inputs of an operation, the same for the same seed: none of them would be let through by the document.
 * @param call a valid call, from which they start.
 * @param headers who makes them.
 */
export function malformed(
  documented: Documented,
  call: Call,
  headers: Record<string, string>,
  { seed, count }: { seed: number; count: number },
): Request[] {
  const random = randomOf(seed ^ hashOf(documented.name));
  const make = { documented, call, headers };
  if (!isValidated(documented)) return Array.from({ length: count }, () => pick(unvalidated(make), random)(random));
  const unreadable = unreadables(make);
  const kinds = validated(make);
  // One that does not get as far as to be validated; the others do.
  return Array.from({ length: count }, (_, n) =>
    pick(n === 0 && unreadable.length > 0 ? unreadable : kinds, random)(random),
  );
}

interface Making {
  documented: Documented;
  call: Call;
  headers: Record<string, string>;
}

const STRANGE_QUERIES = [
  ...[
    'x=1',
    '__proto__=1',
    '__proto__[isAdmin]=1',
    'constructor=1',
    '$where=1',
    '%00=1',
    'limit[$gt]=1',
    'cursor[$ne]=x',
  ],
  ...['=1', 'a.b=1', '💥=1', 'x=%ED%A0%80', 'x', 'toString=1', 'business=1', 'LIMIT=1', `${'k'.repeat(3_000)}=1`],
];

/** What is read, understood, and wrong. */
function validated({ documented, call, headers }: Making): Kind[] {
  const { operation, method } = documented;
  const to = (changed: Call) => requestOf(documented, { ...call, ...changed }, headers);
  const paths = parametersIn('path', documented).map(
    ([name, schema]): Kind =>
      (random) =>
        to({ params: { ...call.params, [name]: pick(badTexts(name, schema), random) } }),
  );
  const queries = parametersIn('query', documented)
    .filter(([name, schema]) => badTexts(name, schema).length > 0)
    .map(
      ([name, schema]): Kind =>
        (random) =>
          to({ query: { ...call.query, [name]: pick(badTexts(name, schema), random) } }),
    );
  const twice = parametersIn('query', documented).map(
    ([name]): Kind =>
      () =>
        withQuery(to({ query: {} }), `${name}=1&${name}=1`),
  );
  const strange: Kind = (random) => withQuery(to({}), encoded(pick(STRANGE_QUERIES, random)));
  const schema = operation.requestBody?.content['application/json']?.schema;
  const bad = badBodies(schema ?? NOTHING, typeof call.body === 'object' ? call.body : {});
  const body: Kind = (random) => {
    const request = to({});
    const text = jsonText(bad(random));
    return { ...request, body: text, headers: { ...request.headers, 'content-type': 'application/json' } };
  };
  // The one text whose path is not judged: there is no campaign to export without a good id.
  if (isDownload(documented)) return paths;
  return [...paths, ...queries, ...twice, strange, ...(method === 'GET' ? [] : Array(schema ? 8 : 2).fill(body))];
}

const NOTHING: JsonSchema = { type: 'object', properties: {}, additionalProperties: false };

/** What cannot be read: no JSON, another type, another encoding, a broken URL. */
function unreadables({ documented, call, headers }: Making): Kind[] {
  const to = (changed: Call, more: Record<string, string> = {}) =>
    requestOf(documented, { ...call, ...changed }, { ...headers, ...more });
  const json = { 'content-type': 'application/json' };
  const text = typeof call.body === 'object' ? jsonText(call.body) : '{}';
  const texts = [
    '{',
    '{"a":',
    '[1,]',
    "{'a':1}",
    'null',
    '"text"',
    '1',
    '\u0000',
    '{"a":1}}',
    `${'['.repeat(5_000)}`,
    'NaN',
  ];
  const types = [
    'text/plain',
    'application/xml',
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded',
    'x',
  ];
  const path: Kind = (random) => ({
    ...to({}),
    path: documented.path.replace(/\{\w+\}/g, pick(['%', '%E0%A4%A', '%ff', '%u0041', '%zz'], random)),
  });
  return [
    ...(parametersIn('path', documented).length > 0 ? [path] : []),
    ...(documented.method === 'GET'
      ? []
      : ([
          (random) => ({ ...to({}, json), body: pick(texts, random) }),
          (random) => ({ ...to({}), body: text, headers: { ...headers, 'content-type': pick(types, random) } }),
          () => ({ ...to({}, { ...json, 'content-encoding': 'gzip' }), body: gzipSync(text) }),
          (random) => ({
            ...to({}, { 'content-type': `application/json; charset=${pick(['latin1', 'utf-7', 'x'], random)}` }),
            body: text,
          }),
          () => ({
            ...to({}, json),
            body: Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"')]),
          }),
          () => ({ ...to({}, json), body: ' '.repeat(11 * 1024 * 1024) }),
        ] satisfies Kind[])),
  ];
}

/** Of what everybody may ask, what holds is the token in its path, or nothing. */
function unvalidated({ documented, call, headers }: Making): Kind[] {
  const to = (changed: Call) => requestOf(documented, { ...call, ...changed }, headers);
  const token = call.params?.token ?? '';
  const names = Object.keys(call.params ?? {});
  const spoilt: Kind = (random) => {
    const at = random.between(0, token.length - 1);
    const other = pick(
      [...'abcXYZ019_-'].filter((one) => one !== token[at]),
      random,
    );
    const tokens = [
      token.slice(0, at),
      `${token}${other}`,
      token.slice(0, at) + other + token.slice(at + 1),
      `x${token}`,
      '..',
    ];
    return to({ params: { token: pick(tokens.filter(Boolean), random) }, body: 'action=resubscribe', type: FORM });
  };
  const junk: Kind = (random) =>
    to({ params: { token: pick(badTexts('token', { $ref: '#/components/schemas/Id' }), random) } });
  const strange: Kind = (random) => withQuery(to({}), encoded(pick(STRANGE_QUERIES, random)));
  if (names.length === 0) return [strange];
  return typeof call.body === 'string' ? [spoilt, junk, ...messages(to, call.body)] : [spoilt, junk];
}

const FORM = 'application/x-www-form-urlencoded';

/** A signed message, spoilt so that no signature holds. */
function messages(to: (changed: Call) => Request, body: string): Kind[] {
  const valid: Record<string, unknown> = JSON.parse(body);
  const bad = [null, 1, {}, [], '', 'x', '\u0000', '\ud800', 'https://example.com/', 'x'.repeat(70_000)];
  const spoil = (name: string, value: unknown) =>
    to({ body: jsonText({ ...valid, Signature: 'AAAA', [name]: value }) });
  return [
    (random) => spoil(pick(Object.keys(valid), random), pick(bad, random)),
    (random) => spoil(pick(['__proto__x', 'Type', 'SignatureVersion'], random), pick(bad, random)),
    (random) => to({ body: pick(['{', '[]', 'null', '1', '""', '\u0000', body.slice(0, -1), '{}'], random) }),
    (random) => to({ type: pick(['application/xml', FORM, 'text/plain; charset=x'], random) }),
  ];
}

const isDownload = ({ operation }: Documented) => {
  const [, done] = Object.entries(operation.responses).find(([status]) => status.startsWith('2')) ?? [];
  return Boolean(done && 'content' in done && done.content && !('application/json' in done.content));
};

function parametersIn(place: 'path' | 'query', { operation }: Documented): [string, JsonSchema][] {
  return operation.parameters.flatMap((one): [string, JsonSchema][] =>
    'in' in one && one.in === place ? [[one.name, one.schema]] : [],
  );
}

const withQuery = (request: Request, query: string): Request => ({
  ...request,
  path: `${request.path}${request.path.includes('?') ? '&' : '?'}${query}`,
});

/** What no URL may hold as it is, and no more. */
const encoded = (query: string) => query.replace(/[^\x21-\x7e]+/g, encodeURIComponent);

/** Each operation has inputs of its own, and they stay the same when another one is added. */
function hashOf(text: string): number {
  return [...text].reduce((hash, letter) => Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193), 0x811c9dc5);
}
