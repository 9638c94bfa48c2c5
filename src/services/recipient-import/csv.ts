import { CsvError, type Parser, parse } from 'csv-parse';
import { BrokenStream, brokenAt } from './broken-stream.js';
import { type Columns, separatorOf } from './csv-header.js';
import { CsvRows } from './csv-rows.js';
import { type Entry, MAX_LINE_BYTES } from './entry.js';
import { lineBlocks, unixLines } from './lines.js';

/**
 * The entries of a CSV file (RFC 4180, and what spreadsheets make of it), a block at a time. The first row names the
 * columns; commas, semicolons or tabs separate; spaces around a cell and rows without content are skipped; an empty cell
 * is no variable; a row with more or fewer cells than the header is rejected.
 * @throws BrokenStream where it cannot be read on: an unusable header, a quote that does not close, an overlong row.
 */
export async function* readCsv(text: AsyncIterable<string>, columns: Columns = 'all'): AsyncGenerator<Entry[]> {
  const rows = new CsvRows(columns);
  let parser: Parser | undefined;
  try {
    for await (const block of lineBlocks(unixLines(text))) {
      parser ??= parserFor(block, rows);
      await written(parser, block);
      yield rows.take();
    }
    if (parser) await ended(parser);
    if (!rows.hasHeader) throw new BrokenStream('is empty');
    yield rows.take();
  } catch (error) {
    // The parser looks some bytes ahead: the last whole row before a break comes out only now.
    if (parser) await ended(parser).catch(() => {});
    yield rows.take();
    throw brokenAt(error, rows.nextLine);
  } finally {
    parser?.destroy();
  }
}

function parserFor(head: string, rows: CsvRows): Parser {
  const parser = parse({
    delimiter: separatorOf(head.trim().split('\n', 1)[0] ?? ''),
    record_delimiter: '\n',
    trim: true,
    relax_column_count: true,
    max_record_size: MAX_LINE_BYTES,
    skip_records_with_error: true,
    on_record: (cells, info) => {
      rows.add(cells, info);
      // Nothing is passed on: a stream's machinery for each row would cost more than its parsing.
      return null;
    },
    on_skip: (error) => {
      // What is thrown here ends the parsing.
      if (!error || String(error.code) !== 'INVALID_OPENING_QUOTE') throw error;
      rows.addStrayQuote(error);
      return undefined;
    },
  });
  // Failures are read where they happen, from the callbacks below.
  parser.on('error', () => {});
  return parser;
}

function written(parser: Parser, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    parser.write(text, (error) => (error ? reject(legible(error)) : resolve()));
  });
}

function ended(parser: Parser): Promise<void> {
  return new Promise((resolve, reject) => {
    parser.end((error?: Error | null) => (error ? reject(legible(error)) : resolve()));
  });
}

/** The parser's own message names an option, not what is wrong with the file. */
function legible(error: Error): Error {
  if (!(error instanceof CsvError)) return error;
  switch (error.code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return new BrokenStream('has a quote that never closes', undefined, { cause: error });
    case 'CSV_INVALID_CLOSING_QUOTE':
    case 'CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE':
      return new BrokenStream('has text right behind a closing quote', Number(error.lines), { cause: error });
    case 'CSV_MAX_RECORD_SIZE':
      return new BrokenStream(
        `has a row of more than ${MAX_LINE_BYTES} bytes, or a quote that never closes`,
        undefined,
        {
          cause: error,
        },
      );
    default:
      return error;
  }
}
