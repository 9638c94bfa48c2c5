import type { CsvError, Info } from 'csv-parse';
import { type Variables, variablesProblem } from '../../schemas/common.js';
import { type Columns, type CsvHeader, readHeader } from './csv-header.js';
import { type Entry, readEntry, reject } from './entry.js';

/** What an export puts before a cell that a spreadsheet would take for a formula is taken off again. */
const ESCAPED_FORMULA = /^'(?='*[=+\-@\t\r])/;

/** A row of fewer characters cannot exceed the limit on variables: JSON writes one as six bytes at most. */
const SURELY_SMALL = 2_000;

/** Turns the rows of one file into entries: the first with any content is the header. */
export class CsvRows {
  #header: CsvHeader | undefined;
  #entries: Entry[] = [];
  #lastLine = 0;

  constructor(private readonly columns: Columns) {}

  /** The line on which the row begins that comes next. */
  get nextLine(): number {
    return this.#lastLine + 1;
  }

  get hasHeader(): boolean {
    return this.#header !== undefined;
  }

  /** The entries since the last call. */
  take(): Entry[] {
    const entries = this.#entries;
    this.#entries = [];
    return entries;
  }

  /**
   * Takes a row; `lines` is the line on which it ends.
   * @throws BrokenStream as `readHeader`.
   */
  add(cells: string[], { lines }: Info): void {
    if (cells.every((cell) => cell === '')) {
      this.#lastLine = lines;
    } else if (this.#header) {
      const line = lines === this.nextLine ? lines : lines - lineEndsWithin(cells);
      this.#lastLine = lines;
      this.#entries.push(entryOf(line, cells, this.#header));
    } else {
      this.#header = readHeader(cells.map(unescaped), this.columns);
      this.#lastLine = lines;
    }
  }

  /** RFC 4180 §2.5: a cell that is not quoted has no quotes. The parser reads on behind such a row. */
  addStrayQuote({ lines }: CsvError): void {
    const line = Number(lines);
    if (line === this.#lastLine) return;
    this.#lastLine = line;
    this.#entries.push(reject(line, '', 'a quote inside a cell that does not begin with one'));
  }
}

function entryOf(line: number, cells: readonly string[], header: CsvHeader): Entry {
  const email = unescaped(cells[header.email] ?? '');
  if (cells.length !== header.width) {
    const count = cells.length === 1 ? '1 cell' : `${cells.length} cells`;
    return reject(line, email, `has ${count} where the header has ${header.width}`);
  }
  const variables: Variables = {};
  let hasVariables = false;
  let length = 0;
  for (const { index, key } of header.variables) {
    const cell = cells[index];
    if (cell === undefined || cell === '') continue;
    variables[key] = unescaped(cell);
    hasVariables = true;
    length += key.length + cell.length;
  }
  const problem = length > SURELY_SMALL ? variablesProblem(variables) : undefined;
  if (problem) return reject(line, email, `its variables ${problem}`);
  const name = header.name === -1 ? '' : unescaped(cells[header.name] ?? '');
  return readEntry(line, email, name, hasVariables ? variables : undefined);
}

const unescaped = (cell: string): string => (cell.startsWith("'") ? cell.replace(ESCAPED_FORMULA, '') : cell);

/** The parser counts the line on which a row ends; a report names the one on which it begins. */
function lineEndsWithin(cells: readonly string[]): number {
  return cells.reduce((count, cell) => count + cell.split('\n').length - 1, 0);
}
