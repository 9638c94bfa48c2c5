import { describe, expect, it } from 'vitest';
import { variablesProblem } from '../../src/schemas/common.js';

const deep = (levels: number): object => (levels === 0 ? {} : { a: deep(levels - 1) });

describe('variables', () => {
  it.each([
    ['text, numbers, lists and objects', { a: 'x', b: 1, c: [1, { d: null }], 'é-_1': true }],
    ['four levels', deep(3)],
    ['fifty keys', Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`k${n}`, n]))],
  ])('may be %s', (_what, value) => {
    expect(variablesProblem(value)).toBeUndefined();
  });

  it.each([
    ['a list', []],
    ['text', 'x'],
    ['null', null],
    ['a key of a prototype', JSON.parse('{"__proto__":{"x":1}}')],
    ['a key of a prototype below', { a: { constructor: 1 } }],
    ['the driver’s own mark', { _bsontype: 'ObjectId' }],
    ['the driver’s own mark below', { a: [{ _bsontype: 'Long', low: 1 }] }],
    ['a key with NUL', { 'a\u0000b': 1 }],
    ['a key that is half a character', { '\ud800': 1 }],
    ['a key with a dot', { 'a.b': 1 }],
    ['an operator', { $where: '1' }],
    ['five levels', deep(4)],
    ['fifty-one keys', Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, n]))],
    ['more than 16 kB', { a: 'x'.repeat(16_400) }],
  ])('may not be %s', (_what, value) => {
    expect(variablesProblem(value)).toMatch(/^must /);
  });
});
