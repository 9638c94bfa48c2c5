import { describe, expect, it } from 'vitest';
import { circleProblems, circleTable, type Outcome } from '../../../scripts/quickstart/circle.js';

const RIGHT: Outcome[] = [
  { name: 'success', status: 'delivered', events: ['sent', 'delivered'], isSuppressed: false },
  { name: 'bounce', status: 'bounced', events: ['sent', 'bounced'], isSuppressed: true },
  { name: 'complaint', status: 'complained', events: ['sent', 'delivered', 'complained'], isSuppressed: true },
  { name: 'suppressionlist', status: 'bounced', events: ['sent', 'bounced'], isSuppressed: true },
];
const changed = (name: string, change: Partial<Outcome>) =>
  RIGHT.map((outcome) => (outcome.name === name ? { ...outcome, ...change } : outcome));

describe('the full circle of the quickstart', () => {
  it('is right when everything came back, in whatever order the log has it', () => {
    expect(circleProblems(RIGHT)).toEqual([]);
    expect(circleProblems(changed('complaint', { events: ['delivered', 'sent', 'complained'] }))).toEqual([]);
  });

  it.each([
    ['an event that did not come', changed('success', { events: ['sent'] })],
    ['one that came twice', changed('bounce', { events: ['sent', 'bounced', 'bounced'] })],
    ['an address that may still be mailed', changed('complaint', { isSuppressed: false })],
    ['another state', changed('suppressionlist', { status: 'sent' })],
    ['an address without an outcome', RIGHT.slice(1)],
  ])('names %s', (_, outcomes) => {
    expect(circleProblems(outcomes)).toHaveLength(1);
  });

  it('shows a line for each address', () => {
    expect(circleTable(RIGHT).split('\n')[1]).toBe(
      '  bounce@simulator.amazonses.com           bounced     sent → bounced  (suppressed from now on)',
    );
  });
});
