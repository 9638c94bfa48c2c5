import { variablesProblem } from '../../schemas/common.js';
import { BrokenStream } from './broken-stream.js';

/** Whether a file's columns beside the address matter: `email` leaves them out, whatever they are. */
export type Columns = 'all' | 'email';

/** What each cell of a row is, by its place. */
export interface CsvHeader {
  /** How many cells a row has. */
  width: number;
  email: number;
  /** -1 where there is no such column. */
  name: number;
  variables: readonly { index: number; key: string }[];
}

const EMAIL_TITLES = new Set(['email', 'e-mail', 'email address']);
const OUTER_SYMBOLS = /^[^\p{L}\p{N}_]+|[^\p{L}\p{M}\p{N}_]+$/gu;
const INNER_SYMBOLS = /[^\p{L}\p{M}\p{N}_-]+/gu;
const SEPARATORS = [',', ';', '\t'] as const;
const MAX_TITLE_LENGTH = 100;
const MAX_SHOWN_TITLES = 20;
const MAX_SHOWN_TITLE = 60;

/** The separator of a file by its header line: the one that stands there most often outside quotes. */
export function separatorOf(headerLine: string): (typeof SEPARATORS)[number] {
  const bare = headerLine.replace(/"[^"]*"/g, '');
  const count = (separator: string) => bare.split(separator).length;
  return SEPARATORS.reduce((best, separator) => (count(separator) > count(best) ? separator : best));
}

/**
 * Reads the header row. A title becomes a variable's name that a template can write: what is no letter, digit, `-` or
 * `_` becomes `_` (`First Name` → `{{ First_Name }}`), and `_` goes before a digit at the beginning. Columns without a
 * title are left out.
 * @throws BrokenStream without an email column, with two of one name, or with titles that cannot be variables.
 */
export function readHeader(given: readonly string[], columns: Columns = 'all'): CsvHeader {
  const titles = columns === 'all' ? given : given.map((title) => (isEmail(title) ? title : ''));
  if (titles.some((title) => title.length > MAX_TITLE_LENGTH)) {
    throw new BrokenStream(`has a column title of more than ${MAX_TITLE_LENGTH} characters in its first row`);
  }
  const keys = titles.map(keyOf);
  const email = keys.indexOf('email');
  if (email === -1) {
    const seen = given.slice(0, MAX_SHOWN_TITLES).map((title) => JSON.stringify(title.slice(0, MAX_SHOWN_TITLE)));
    throw new BrokenStream(`has no column "email" in its first row; the columns there are ${seen.join(', ')}`);
  }
  const twice = keys.find((key, index) => key !== '' && keys.indexOf(key) !== index);
  if (twice !== undefined) {
    throw new BrokenStream(`has two columns that are both "${twice.slice(0, MAX_SHOWN_TITLE)}" to a template`);
  }
  const variables = keys.flatMap((key, index) =>
    key === '' || key === 'email' || key === 'name' ? [] : { index, key },
  );
  const problem = variablesProblem(Object.fromEntries(variables.map(({ key }) => [key, ''])));
  if (problem) throw new BrokenStream(`has columns that cannot be variables, which ${problem}`);
  return { width: titles.length, email, name: keys.indexOf('name'), variables };
}

const isEmail = (title: string) => title.length <= MAX_TITLE_LENGTH && keyOf(title) === 'email';

function keyOf(title: string): string {
  const lower = title.trim().toLowerCase();
  if (EMAIL_TITLES.has(lower)) return 'email';
  if (lower === 'name') return 'name';
  const key = title.replace(OUTER_SYMBOLS, '').replace(INNER_SYMBOLS, '_');
  return /^\p{N}/u.test(key) ? `_${key}` : key;
}
