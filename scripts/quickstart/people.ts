/** First and last names with what trips up careless software: umlauts, accents, apostrophes, double names. */
const FIRST_NAMES = [
  'Jörg',
  'Zoë',
  'Aoife',
  'Søren',
  'François',
  'Łukasz',
  'Mary',
  'Gülşen',
  'Íñigo',
  'Anneliese',
  'Kristján',
  'Siân',
  'Žofie',
  'Hans-Jürgen',
  'Chloé',
  'Ewan',
  "N'Golo",
  'Ragnheiður',
  'Tobias',
  'Béatrice',
  'Åsa',
  'Dmytro',
  'Isla',
] as const;
const LAST_NAMES = [
  "O'Brien",
  'Müller',
  "D'Angelo",
  'Größmann',
  'Núñez',
  'MacDonald',
  'Lefèvre',
  'Ångström',
  "O'Neill-Hughes",
  'Yılmaz',
  'Dvořák',
  'Jóhannsdóttir',
  'Campbell',
  "L'Écuyer",
  'Schäfer',
  'Kowalczyk',
  "N'Diaye",
  'van der Berg',
  'Østergaard',
] as const;
/** Each ninth line has none: there the template's default stands in. */
const CITIES = ['Zürich', 'Edinburgh', 'Kraków', 'Málaga', "L'Aquila", 'Tromsø', 'Köln', 'Dún Laoghaire', ''] as const;
const BOTTLES = [
  'Talisker 10',
  'Caol Ila, cask strength',
  'Lagavulin 16',
  'Oban "Little Bay"',
  'Clynelish 14',
  'Ardbeg Uigeadail',
  'Redbreast 12',
] as const;
const DOMAINS = ['example.com', 'example.org', 'example.net', 'mail.example.com', 'post.example.org'] as const;

/** No two of them are wrong in the same way. */
const INVALID_ADDRESSES = [
  'no-at-sign.example.com',
  '',
  'jörg.müller@example.com',
  'two@signs@example.com',
  'space in@example.com',
  '@example.com',
  'nobody@',
  'double..dot@example.com',
  'no.top.level@localhost',
  'dash.first@-example.com',
] as const;

/** The columns of the list. `email` and `name` mean something to the hub, the others are variables of the template. */
export const COLUMNS = ['email', 'name', 'city', 'bottle', 'points'] as const;

type Row = Record<(typeof COLUMNS)[number], string>;

/**
 * A list of `count` recipients as lines of CSV, with the header before them: always the same for the same number. In each
 * hundred lines two repeat an address from above in other letter cases, and one has an address that cannot be mailed.
 */
export function* recipientLines(count: number): Generator<string> {
  yield `${COLUMNS.join(',')}\n`;
  for (let index = 0; index < count; index += 1) {
    const row = rowAt(index);
    yield `${COLUMNS.map((column) => csvCell(row[column])).join(',')}\n`;
  }
}

function rowAt(index: number): Row {
  if (index % 100 === 73) return { ...person(index), email: pick(INVALID_ADDRESSES, Math.floor(index / 100)) };
  if (index % 50 === 37) {
    const earlier = person(index - 20);
    return { ...earlier, email: otherCase(earlier.email, Math.floor(index / 50)) };
  }
  return person(index);
}

function person(index: number): Row {
  const name = `${pick(FIRST_NAMES, index)} ${pick(LAST_NAMES, index)}`;
  return {
    email: `${localPart(name)}.${index + 1}@${pick(DOMAINS, index)}`,
    name,
    city: pick(CITIES, index),
    bottle: pick(BOTTLES, index),
    points: String((index * 37) % 500),
  };
}

function otherCase(email: string, variant: number): string {
  if (variant % 3 === 0) return email.toUpperCase();
  if (variant % 3 === 1) return email.replace(/\b[a-z]/g, (letter) => letter.toUpperCase());
  return email.replace(/@.*/, (domain) => domain.toUpperCase());
}

/** Letters that are no plain letter with an accent, so that Unicode does not take them apart. */
const PLAIN: Readonly<Record<string, string>> = { ß: 'ss', ø: 'o', ł: 'l', ð: 'd', ı: 'i' };

/** `Zoë O'Brien` → `zoe.obrien`. */
function localPart(name: string): string {
  return name
    .toLowerCase()
    .replace(/[ßøłðı]/g, (letter) => PLAIN[letter] ?? '')
    .normalize('NFD')
    .replace(/[^a-z -]/g, '')
    .replaceAll(' ', '.');
}

/** RFC 4180: a cell with a comma, a quote or a line break is quoted, and its quotes are doubled. */
function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function pick<T>(from: readonly [T, ...T[]], index: number): T {
  return from[index % from.length] ?? from[0];
}
