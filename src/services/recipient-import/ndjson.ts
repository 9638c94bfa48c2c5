import { type Variables, variablesProblem } from '../../schemas/common.js';
import { BrokenStream, brokenAt } from './broken-stream.js';
import { type Entry, readEntry, reject } from './entry.js';
import { wholeLines } from './lines.js';

/**
 * The entries of newline-delimited JSON: `{"email", "name"?, "variables"?}` a line. Blank lines are skipped; a line that
 * is not such an object is rejected.
 * @throws BrokenStream where it cannot be read on: a line of more than 64 kB.
 */
export async function* readNdjson(text: AsyncIterable<string>): AsyncGenerator<Entry[]> {
  let line = 0;
  let isEmpty = true;
  try {
    for await (const lines of wholeLines(text)) {
      const entries: Entry[] = [];
      for (const json of lines) {
        line++;
        if (json.trim() !== '') entries.push(readLine(line, json));
      }
      isEmpty &&= entries.length === 0;
      yield entries;
    }
    if (isEmpty) throw new BrokenStream('is empty', 1);
  } catch (error) {
    throw brokenAt(error, line + 1);
  }
}

function readLine(line: number, json: string): Entry {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return reject(line, '', 'not valid JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return reject(line, '', 'not a JSON object');
  const { email, name, variables, ...others } = value as Record<string, unknown>;
  if (typeof email !== 'string') return reject(line, '', 'email must be a string');
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return reject(line, email, `${unknown.slice(0, 60)} is not a known field`);
  if (name !== undefined && name !== null && typeof name !== 'string') {
    return reject(line, email, 'name must be a string');
  }
  const problem = variables === undefined || variables === null ? undefined : variablesProblem(variables);
  if (problem) return reject(line, email, `variables ${problem}`);
  return readEntry(line, email, name ?? '', (variables ?? undefined) as Variables | undefined);
}
