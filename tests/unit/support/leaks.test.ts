import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logger } from '../../../src/logger.js';
import { logFile } from '../../support/leaks/evidence.js';
import { leaksIn, leaksOfRun } from '../../support/leaks/search.js';

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI2NjVmMWMyYWI3ZDA0ZTAwMTJhNGM5ZDEifQ.c2lnbmF0dXJlLW9mLWl0';

describe('the search of the logs', () => {
  it.each([
    ['a token', JWT, `{"authorization":"Bearer ${JWT}"}`],
    ['an API key', 'pmh_live_3kTzabcdefghijklmnop', '{"msg":"key=pmh_live_3kTzabcdefghijklmnop"}'],
    ['a password', 'Test123!', '{"body":{"password":"Test123!"}}'],
    [
      'a secret of AWS',
      'wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzEXAMPLEKEY',
      'secret wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzEXAMPLEKEY.',
    ],
    ['a token in a URL', 'AbCdEfGhIjKlMnOpQr-_', 'GET /api/inbound/ses/AbCdEfGhIjKlMnOpQr-_?x=1'],
  ])('finds %s', (_case, secret, line) => {
    const [leak, ...others] = leaksIn(`first\n${line}\nlast`, [secret, 'another-secret-of-somebody']);
    expect(leak?.line).toContain('***');
    expect(leak?.line).not.toContain(secret);
    expect(others).toEqual([]);
  });

  it('finds none where none stands', () => {
    expect(leaksIn('{"prefix":"pmh_live_3kTz"}\n', ['pmh_live_3kTzabcdefghijklmnop', JWT, 'Test123!'])).toEqual([]);
  });
});

describe('a run', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'leaks-'));
    writeFileSync(join(directory, '1.secrets'), `${JSON.stringify('Test123!')}\n`);
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('has a leak where a secret stands in the log of any of its processes', () => {
    writeFileSync(join(directory, '1.log'), '{"msg":"fine"}\n');
    expect(leaksOfRun(directory)).toEqual([]);
    writeFileSync(join(directory, '2.log'), '{"password":"Test123!"}\n');
    expect(leaksOfRun(directory)).toEqual([{ secret: 'Test12…', line: '{"password":"***"}' }]);
  });

  it('has one where it is a secret of the hub itself', () => {
    writeFileSync(join(directory, '1.log'), 'development-only-secret-change-me-in-production');
    expect(leaksOfRun(directory)).toMatchObject([{ secret: 'develo…' }]);
  });
});

describe('the log of a test', () => {
  it('is kept, at every level, and what has the name of a secret is struck out', () => {
    const secret = 'struck-out-0123456789';
    logger().trace(
      { password: secret, nested: { token: secret }, headers: { 'x-api-key': secret } },
      'a line at trace',
    );
    const line = readFileSync(logFile(), 'utf8')
      .split('\n')
      .find((one) => one.includes('a line at trace'));
    expect(line).toContain('[redacted]');
    expect(line).not.toContain(secret);
  });
});
