import { describe, expect, it } from 'vitest';
import { readNdjson } from '../../../src/services/recipient-import/ndjson.js';
import { entriesOf, texts } from './support.js';

const read = (...parts: string[]) => entriesOf(readNdjson(texts(...parts)));

describe('readNdjson', () => {
  it('reads an object a line, skips blank ones, and needs no last line end', async () => {
    const file =
      '{"email":"Ann@X.org","name":"Ann","variables":{"n":1,"deep":{"a":[1]}}}\r\n\n \n{"email":"bob@x.org","name":null}';
    for (const parts of [[file], [...file]]) {
      expect(await read(...parts)).toEqual({
        error: undefined,
        entries: [
          { line: 1, recipient: { email: 'ann@x.org', name: 'Ann', variables: { n: 1, deep: { a: [1] } } } },
          { line: 4, recipient: { email: 'bob@x.org', name: undefined, variables: undefined } },
        ],
      });
    }
  });

  it.each([
    ['{"email":', '', 'not valid JSON'],
    ['["a@x.org"]', '', 'not a JSON object'],
    ['null', '', 'not a JSON object'],
    ['"a@x.org"', '', 'not a JSON object'],
    ['{}', '', 'email must be a string'],
    ['{"email":{"$gt":""}}', '', 'email must be a string'],
    ['{"email":"a@x.org","status":"sent"}', 'a@x.org', 'status is not a known field'],
    ['{"email":"a@x.org","name":{"$ne":1}}', 'a@x.org', 'name must be a string'],
    ['{"email":"a@x.org","variables":[]}', 'a@x.org', 'variables must be an object'],
    ['{"email":"a@x.org","variables":{"__proto__":1}}', 'a@x.org', 'variables must not have the key __proto__'],
    [
      '{"email":"a@x.org","variables":{"a":{"b":{"c":{"d":{}}}}}}',
      'a@x.org',
      'variables must be at most 4 levels deep',
    ],
    ['{"email":"a@x.org","variables":{"$where":1}}', 'a@x.org', expect.stringContaining('$where')],
    ['{"email":"a@x.org","name":"A\\r\\nBcc: b@x.org"}', 'a@x.org', 'the name has a line break or control character'],
    ['{"email":"a b@x.org"}', 'a b@x.org', expect.any(String)],
  ])('rejects %s and reads on', async (json, email, reason) => {
    const { entries, error } = await read(`${json}\n{"email":"bob@x.org"}\n`);
    expect(error).toBeUndefined();
    expect(entries).toMatchObject([
      { line: 1, email, reason },
      { line: 2, recipient: { email: 'bob@x.org' } },
    ]);
  });

  it.each([
    ['in one piece', [`{"email":"a@x.org"}\n"${'x'.repeat(70_000)}"\n{"email":"b@x.org"}\n`]],
    ['in pieces', ['{"email":"a@x.org"}\n', 'x'.repeat(40_000), 'x'.repeat(40_000)]],
    ['of few letters with many bytes', [`{"email":"a@x.org"}\n"${'日'.repeat(22_000)}"\n`]],
  ])('breaks at a line of more than 64 kB that comes %s', async (_case, parts) => {
    const { entries, error } = await read(...parts);
    expect(entries).toMatchObject([{ recipient: { email: 'a@x.org' } }]);
    expect(error).toMatchObject({ name: 'BrokenStream', line: 2, message: 'has a line of more than 65536 bytes' });
  });

  it('breaks at an empty file', async () => {
    expect((await read('\n', '\n')).error).toMatchObject({ name: 'BrokenStream', message: 'is empty' });
  });
});
