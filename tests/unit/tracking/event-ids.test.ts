import { describe, expect, it } from 'vitest';
import { idWithin } from '../../../src/tracking/event-ids.js';

const HOUR_MS = 3_600_000;
const at = (iso: string) => new Date(`2026-11-24T${iso}Z`);
const id = (about: (string | number | boolean)[], iso: string) => idWithin(about, at(iso), HOUR_MS).toHexString();

describe('ids of what is told once a period', () => {
  it('are the same within it, and others in the next', () => {
    expect(id(['opened', 'a', true], '10:00:00')).toBe(id(['opened', 'a', true], '10:59:59.999'));
    expect(id(['opened', 'a', true], '10:59:59.999')).not.toBe(id(['opened', 'a', true], '11:00:00'));
  });

  it('differ for all that is not the same', () => {
    const ids = [
      id(['opened', 'a', true], '10:00:00'),
      id(['opened', 'a', false], '10:00:00'),
      id(['opened', 'b', true], '10:00:00'),
      id(['clicked', 'a', 1, true], '10:00:00'),
      id(['clicked', 'a', 2, true], '10:00:00'),
    ];
    expect(new Set(ids).size).toBe(ids.length);
    for (const one of ids) expect(one).toMatch(/^[0-9a-f]{24}$/);
  });
});
