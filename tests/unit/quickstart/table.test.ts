import { expect, it } from 'vitest';
import { table } from '../../../scripts/quickstart/table.js';

it('puts numbers flush right above their sum', () => {
  const rows = [
    { label: 'sent', count: 970 },
    { label: 'duplicates', count: 20, note: 'again' },
    { label: 'invalid', count: 10 },
  ];
  expect(table(rows, 'lines').split('\n')).toEqual([
    '  sent          970',
    '  duplicates     20  again',
    '  invalid        10',
    '  ─────────────────',
    '  lines       1,000',
  ]);
});
