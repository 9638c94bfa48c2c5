/** A line of the closing table: what, how many, and a word about it. */
export interface Row {
  label: string;
  count: number;
  note?: string;
}

const number = new Intl.NumberFormat('en');

/** Rows under each other with their sum below a line, numbers flush right. */
export function table(rows: readonly Row[], totalLabel: string): string {
  const total: Row = { label: totalLabel, count: rows.reduce((sum, { count }) => sum + count, 0) };
  const all = [...rows, total];
  const labelWidth = Math.max(...all.map(({ label }) => label.length));
  const countWidth = Math.max(...all.map(({ count }) => number.format(count).length));
  const line = ({ label, count, note }: Row) =>
    `  ${label.padEnd(labelWidth)}  ${number.format(count).padStart(countWidth)}${note ? `  ${note}` : ''}`;
  const rule = `  ${'─'.repeat(labelWidth + 2 + countWidth)}`;
  return [...rows.map(line), rule, line(total)].join('\n');
}
