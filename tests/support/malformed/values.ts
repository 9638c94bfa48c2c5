import { type JsonSchema, resolve } from '../../../src/docs/json-schemas.js';
import { api } from '../operations/index.js';
import { branches, nameOf } from '../operations/schemas.js';

const nested = (depth: number): unknown => (depth === 0 ? 'deep' : { deep: nested(depth - 1) });

/** A key that only JSON can give an object. */
const prototypeKey: unknown = JSON.parse('{"__proto__":{"isAdmin":true}}');

/** Of the wrong type wherever they are not of the right one. */
const OF_EACH_TYPE: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1.5, 1e308, -1e308, Number.POSITIVE_INFINITY, 2 ** 53, 'text', 'null', '1', '[]'],
  ...[[], [[]], [null], ['text'], [{}], {}, { $gt: '' }, { $ne: null }, { length: 1 }, { toString: 1 }],
  ...[prototypeKey, { constructor: { prototype: {} } }, { _bsontype: 'ObjectId' }, nested(40), [[[[[[[[]]]]]]]]],
];

/** Texts that a name, a header or a page would stumble over. None becomes right by trimming or in small letters. */
const TEXTS: readonly string[] = [
  ...['', '\u0000', 'a\u0000b', 'a\r\nBcc: b', 'a\u001bb', '\ud800', 'a\udfffb', '\u0007bell', 'x'.repeat(70_000)],
  ...[
    '💥'.repeat(20_000),
    '{{ constructor }}',
    '../../etc/passwd',
    "' OR '1'='1",
    '<script>alert(1)</script>',
    '$where',
  ],
];

const DATES: readonly string[] = [
  ...['2026-11-24T10:00:00', '2026-02-30T00:00:00Z', '2026-13-01T00:00:00Z', '2026-11-24T25:00:00Z', '24.11.2026'],
  ...['2026-11-24T10:00:00+99:00', '+275761-01-01T00:00:00Z', '-000001-01-01T00:00:00Z', '1e12', 'tomorrow', '٢٠٢٦'],
  ...['2026-W48-2', '2026-11-24T10:00:00 Europe/Berlin', '2026-11-24T10:00:00Z\u0000', 'Invalid Date', '0'],
];

const DAYS: readonly string[] = [
  '2026-02-30',
  '2026-13-01',
  '2026-1-1',
  '26-11-24',
  '2026-11-24T00:00:00Z',
  '2026-00-10',
];

const IDS: readonly string[] = [
  ...[
    'x',
    '0',
    'null',
    'undefined',
    '665f1c2ab7d04e0012a4c9d',
    '665f1c2ab7d04e0012a4c9d12',
    '665F1C2AB7D04E0012A4C9D1',
  ],
  ...['zzzzzzzzzzzzzzzzzzzzzzzz', '\u0000', '665f1c2ab7d04e0012a4c9d\u0000', '💥', '..', '__proto__', 'constructor'],
  ...['{"$ne":null}', '[object Object]', '-1', '1e24', 'a'.repeat(1_000), '6 5f1c2ab7d04e0012a4c9d', '٦٦٥', '\u202e'],
  ...["' OR 1=1 --", '../../admin', '%00', '665f1c2ab7d04e0012a4c9d1,665f1c2ab7d04e0012a4c9d1'],
];

const EMAILS: readonly string[] = [
  ...[
    'no-at',
    '@',
    'a@',
    '@b.test',
    'a b@c.test',
    'a@b@c.test',
    'ü@example.com',
    'a@b..test',
    'a@-b.test',
    'a@b\u0000.test',
  ],
  ...[
    'a\r\nBcc: b@c.test',
    `${'a'.repeat(65)}@b.test`,
    `a@${'b'.repeat(300)}.test`,
    'a@b.test, c@d.test',
    '<>',
    '"',
    'a@',
  ],
];

/** What a component's schema does not say by itself. */
const NAMED: Readonly<Record<string, readonly unknown[]>> = {
  Id: IDS,
  Email: EMAILS,
  NamedEmail: EMAILS,
  Domain: [
    'a b',
    '-',
    'a..test',
    '.test',
    'x'.repeat(300),
    'a_b',
    'https://a.test/',
    'a.test/b',
    '\u0000.test',
    '127.0.0.1',
    '',
  ],
  Variables: [
    ...[nested(5), { 'a.b': 1 }, { $a: 1 }, { 'a\u0000': 1 }, prototypeKey, { prototype: 1 }, { constructor: 1 }],
    ...[{ long: 'x'.repeat(17_000) }, Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, n]))],
  ],
};

/** Wrong whatever the document says of the place, for it is known by its component. */
export const knownBad = (schema: JsonSchema): readonly unknown[] =>
  branches(schema).flatMap((branch) => NAMED[nameOf(branch) ?? ''] ?? []);

/** Values that are wrong at most places of this kind. Some may be right: whoever uses them asks the document. */
export function doubtful(schema: JsonSchema): readonly unknown[] {
  return [...OF_EACH_TYPE, ...branches(schema).flatMap((branch) => ofSchema(resolve(branch, api.components.schemas)))];
}

function ofSchema(schema: JsonSchema): unknown[] {
  const { type, format, minimum, maximum, maxLength, maxItems } = schema;
  const allowed = schema.enum ?? [];
  return [
    ...(type === 'string' ? TEXTS : []),
    ...(typeof maxLength === 'number' ? ['x'.repeat(maxLength + 1)] : []),
    ...(typeof maxItems === 'number' && maxItems < 1_000 ? [Array(maxItems + 1).fill(null)] : []),
    ...(minimum === undefined ? [] : [minimum - 1, String(minimum), -(2 ** 31)]),
    ...(maximum === undefined ? [] : [maximum + 1, 'NaN', 'Infinity', 2 ** 63]),
    ...(format === 'date-time' ? DATES : []),
    ...(format === 'date' ? DAYS : []),
    ...allowed.flatMap((one) => [`${one} `, String(one).toUpperCase(), [one], `${one}\u0000`]),
  ];
}

/** Texts that are wrong for a parameter, which is always a text. */
export function badTexts(name: string, schema: JsonSchema): readonly string[] {
  if (name === 'cursor') return CURSORS;
  const known = knownBad(schema).filter((one) => typeof one === 'string');
  const { type, format, minimum, maximum, maxLength, minLength, pattern, ...rest } = resolve(
    schema,
    api.components.schemas,
  );
  if (known.length > 0) return known;
  if (type === 'integer') return [...NUMBERS, String(Number(minimum) - 1), String(Number(maximum) + 1)];
  if (type === 'boolean') return ['maybe', '2', 'NaN', '[]', 'null', '\u0000', 'x'.repeat(5_000)];
  if (rest.enum)
    return ['', 'x', 'null', '__proto__', 'toString', '\u0000', '*', '💥', `${rest.enum[0]},${rest.enum[0]}`];
  if (format === 'date-time') return DATES;
  if (format === 'date') return DAYS;
  return [
    ...(minLength ? [''] : []),
    ...(typeof maxLength === 'number' ? ['x'.repeat(maxLength + 1)] : []),
    ...(pattern ? ['a\u0000b', 'a\r\nb'].filter((text) => !new RegExp(String(pattern), 'u').test(text)) : []),
  ];
}

const NUMBERS = [
  'x',
  'NaN',
  'Infinity',
  '-Infinity',
  '1e999',
  '1.5',
  '--1',
  '1,000',
  '१',
  'null',
  '[]',
  '{}',
  '',
  '-0.1',
];

const cursor = (place: unknown) => Buffer.from(JSON.stringify(place)).toString('base64url');

/** No page gave these. */
const CURSORS: readonly string[] = [
  ...[
    'x',
    '',
    '\u0000',
    '%',
    'a'.repeat(513),
    'zzzzzzzzzzzzzzzzzzzzzzzz',
    '665F1C2AB7D04E0012A4C9D1',
    '-1',
    '💥',
    'null',
  ],
  ...[cursor(null), cursor([]), cursor({}), cursor([null, null]), cursor([1e300, 'x']), cursor(['x', 'x', 'x'])],
  ...[
    cursor([{ $gt: '' }, { $gt: '' }]),
    cursor(JSON.parse('{"__proto__":[1]}')),
    cursor([9e15, '665f1c2ab7d04e0012a4c9d1']),
  ],
];
