import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const ROW = /^\|(?<rule>[^|]+)\| `(?<file>tests\/[^`]+)`(?:: (?<title>[^|]+?))? \|$/;
const rows = readFileSync('docs/security.md', 'utf8')
  .split('\n')
  .map((line) => ROW.exec(line)?.groups)
  .filter((row) => row !== undefined);

describe('docs/security.md', () => {
  it('names a test for each of its rules', () => {
    expect(rows.length).toBeGreaterThan(60);
  });

  it.each(rows)('has a test behind:$rule', ({ file = '', title }) => {
    expect(existsSync(file), `${file} is there`).toBe(true);
    if (title) expect(readFileSync(file, 'utf8')).toContain(title);
  });
});
