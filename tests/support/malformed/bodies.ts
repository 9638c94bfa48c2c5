import type { Random } from '../../../scripts/faults/random.js';
import type { JsonSchema } from '../../../src/docs/json-schemas.js';
import { put } from '../operations/ids.js';
import { acceptor, fitsPattern, placesOf } from '../operations/schemas.js';
import { pick } from './pick.js';
import { doubtful, knownBad } from './values.js';

/** Fields that no operation has. */
const STRANGE_KEYS = [
  ...[
    '__proto__',
    'constructor',
    'prototype',
    '$where',
    '$set',
    'a.b',
    '',
    'toString',
    'hasOwnProperty',
    '_id',
    'x\u0000',
  ],
  ...['isAdmin', 'business', 'businessId', 'role', 'createdBy', '_bsontype', 'X-Business-Id'],
];

/** What stands for a number that no double holds; JSON can write it, JavaScript cannot. */
const HUGE = '"@1e999@"';

/** The text of a body, with numbers that overflow as numbers. */
export const jsonText = (body: unknown): string =>
  JSON.stringify(body, (_key, value) => (value === Number.POSITIVE_INFINITY ? HUGE.slice(1, -1) : value)).replaceAll(
    HUGE,
    '1e999',
  );

/** Makes bodies that the document refuses, from one that it lets through. */
export function badBodies(schema: JsonSchema, valid: object): (random: Random) => unknown {
  const places = placesOf(schema);
  const accepts = acceptor(schema);
  if (!accepts(valid)) throw new Error(`The document refuses what should be valid: ${JSON.stringify(valid)}`);
  const required = schema.required ?? [];
  const kinds: ((random: Random) => unknown)[] = [
    (random) => withStrangeKey(valid, random),
    (random) => pick([[], [valid], [[]], [null]], random),
    ...(required.length > 0 ? [(random: Random) => without(valid, pick(required, random))] : []),
  ];
  return (random) => {
    if (places.length === 0 || random.next() < 0.25) return pick(kinds, random)(random);
    for (;;) {
      const { path, schema: there } = pick(places, random);
      const known = knownBad(there);
      if (known.length > 0 && random.next() < 0.5) return put(valid, path, pick(known, random));
      const value = pick(doubtful(there), random);
      const body = put(valid, path, value);
      if (!accepts(body) || !fitsPattern(there, value)) return body;
    }
  };
}

function without(valid: object, key: string): object {
  return Object.fromEntries(Object.entries(valid).filter(([name]) => name !== key));
}

/** An own key of the object or of one within it, whatever it is called. */
function withStrangeKey(valid: object, random: Random): object {
  const body = structuredClone(valid);
  Object.defineProperty(body, pick(STRANGE_KEYS, random), { value: 1, enumerable: true });
  return body;
}
