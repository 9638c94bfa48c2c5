import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { differences, openShell, stepsOf } from '../../support/guide.js';

describe('stepsOf', () => {
  it('takes each block of commands with the answer below it', () => {
    const text = 'A\n\n```sh\none\ntwo\n```\n\n```json\n{ "a": 1 }\n```\n\n```text\nno\n```\n\n```sh\nthree\n```\n';
    expect(stepsOf(text)).toEqual([
      { line: 3, script: 'one\ntwo\n', answer: { a: 1 } },
      { line: 16, script: 'three\n', answer: undefined },
    ]);
  });
});

describe('differences', () => {
  it.each([
    [{ a: 1 }, { a: 1, b: 2 }],
    [
      { a: '…', b: ['x', '…'] },
      { a: 7, b: ['x', 'y', 'z'] },
    ],
    [{ a: 'pmh_live_…' }, { a: 'pmh_live_abc' }],
    [{ a: null }, { a: null }],
  ])('finds none between %j and %j', (shown, real) => {
    expect(differences(shown, real)).toEqual([]);
  });

  it.each([
    [{ a: 1 }, { a: 2 }],
    [{ a: '…' }, {}],
    [{ a: 'pmh_live_…' }, { a: 'pmh_test_abc' }],
    [{ a: 'a.c' }, { a: 'abc' }],
    [{ a: ['x'] }, { a: ['x', 'y'] }],
    [{ a: ['x', 'y'] }, { a: ['x'] }],
    [{ a: null }, { a: 0 }],
    [{ a: { b: 1 } }, { a: null }],
    [{ a: [] }, { a: {} }],
  ])('finds one between %j and %j', (shown, real) => {
    expect(differences(shown, real)).not.toEqual([]);
  });
});

describe('openShell', () => {
  const homes: string[] = [];
  afterEach(() => {
    for (const home of homes.splice(0)) rmSync(home, { recursive: true });
  });
  const shell = (commands: Record<string, string> = {}) => {
    const home = mkdtempSync(join(tmpdir(), 'pmh-shell-'));
    homes.push(home);
    return openShell(home, process.env, commands);
  };

  it('keeps what one block sets for the next, and ends at the first command that fails', async () => {
    const opened = shell({ told: 'echo told >&2; exit 3' });
    expect(await opened.run('A=1\n')).toEqual([]);
    expect(await opened.run('[ "$A" = 1 ]\n')).toEqual([]);
    await expect(opened.run('told\ntrue\n')).rejects.toThrow('told');
  });

  it('ends at a command that fails in a pipe, and at a variable that nobody set', async () => {
    await expect(shell().run('false | cat\ntrue\n')).rejects.toThrow('ended');
    await expect(shell().run('echo $NOBODY_SET_IT\n')).rejects.toThrow('NOBODY_SET_IT');
  });
});
