import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EXAMPLE_FILE, EXAMPLE_LINES, readAudience, sourceOf } from '../../../scripts/quickstart/audience.js';
import { recipientLines } from '../../../scripts/quickstart/people.js';

describe('the list of recipients', () => {
  it('is the example file, line by line', () => {
    expect(readFileSync(EXAMPLE_FILE, 'utf8')).toBe([...recipientLines(EXAMPLE_LINES)].join(''));
  });

  it('has a thousand lines: 970 people, 20 duplicates, 10 invalid', async () => {
    const { people, ...counts } = await readAudience(sourceOf(undefined));
    expect({ people: people.size, ...counts }).toEqual({ people: 970, duplicates: 20, invalid: 10, lines: 1_000 });
  });

  it('has names with umlauts and apostrophes, and people without a city', async () => {
    const people = [...(await readAudience(sourceOf(undefined))).people.values()];
    expect(people.map(({ name }) => name)).toEqual(expect.arrayContaining(["Jörg O'Brien", "N'Golo N'Diaye"]));
    expect(people.some(({ city }) => city === '')).toBe(true);
    expect(people.every(({ bottle }) => bottle !== '')).toBe(true);
  });

  it.each([1, 2, 100, 12_345])('has as many lines as asked for: %i', async (count) => {
    const { people, duplicates, invalid, lines } = await readAudience(sourceOf(count));
    expect(lines).toBe(count);
    expect(people.size + duplicates + invalid).toBe(count);
    expect([...recipientLines(count)].join('').split('\n')).toHaveLength(count + 2);
  });
});
