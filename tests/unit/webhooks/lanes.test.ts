import { describe, expect, it } from 'vitest';
import { Lanes } from '../../../src/webhooks/lanes.js';

const GOOD = { isSuccess: true, isAnswered: true, durationMs: 20 };
const REFUSED = { isSuccess: false, isAnswered: true, durationMs: 20 };
const SILENT = { isSuccess: false, isAnswered: false, durationMs: 15_000 };

const LATER = 60_000;

/** Begins as many calls as there may be. @returns their ends. */
function fill(lanes: Lanes, endpoint: string) {
  return Array.from({ length: lanes.free(endpoint) }, () => lanes.begin(endpoint));
}

describe('the calls of an endpoint', () => {
  it('begin with a few, and grow with each success to a bound', () => {
    const lanes = new Lanes();
    const first = fill(lanes, 'a');
    expect(first).toHaveLength(4);
    expect(lanes.free('a')).toBe(0);
    for (const end of first) end(GOOD);
    expect(lanes.free('a')).toBe(8);
    for (let n = 0; n < 40; n += 1) lanes.begin('a')(GOOD);
    expect(lanes.free('a')).toBe(16);
  });

  it('halve with each failure that is answered, and end at one at a time', () => {
    const lanes = new Lanes();
    lanes.begin('a')(REFUSED);
    expect(lanes.free('a')).toBe(2);
    lanes.begin('a')(REFUSED);
    lanes.begin('a')(REFUSED);
    expect(lanes.free('a')).toBe(1);
    lanes.begin('a')(GOOD);
    expect(lanes.free('a')).toBe(2);
  });

  it.each([
    ['silent', SILENT],
    ['slow', { ...GOOD, durationMs: 9_000 }],
  ])('are one at a time where it is %s', (_what, ended) => {
    const lanes = new Lanes();
    lanes.begin('a')(ended);
    expect(lanes.free('a')).toBe(1);
  });

  it('are not held up by a few that hang', () => {
    const lanes = new Lanes();
    fill(lanes, 'a');
    expect(lanes.free('a', performance.now() + LATER)).toBe(3);
    fill(lanes, 'a');
  });

  it('that were given up say nothing of it', () => {
    const lanes = new Lanes();
    for (const end of fill(lanes, 'a')) end();
    expect(lanes.free('a')).toBe(4);
  });
});

describe('the calls of all endpoints', () => {
  it('leave room for those that answer, however many are slow', () => {
    const lanes = new Lanes();
    const slow = Array.from({ length: 500 }, (_, n) => `slow-${n}`);
    for (const endpoint of slow) lanes.begin(endpoint)(SILENT);
    const begun = slow.flatMap((endpoint) => fill(lanes, endpoint));
    expect(begun).toHaveLength(64);
    expect(lanes.free('good')).toBe(4);
  });

  it('have a bound together', () => {
    const lanes = new Lanes();
    const begun = Array.from({ length: 100 }, (_, n) => fill(lanes, `good-${n}`)).flat();
    expect(begun).toHaveLength(256);
    expect(lanes.free('another')).toBe(0);
  });

  it('are forgotten with the endpoints that have nothing to do', () => {
    const lanes = new Lanes();
    lanes.begin('a')(SILENT);
    const end = lanes.begin('b');
    lanes.keep(new Set());
    expect(lanes.free('a')).toBe(4);
    expect(lanes.free('b')).toBe(3);
    end();
  });
});
