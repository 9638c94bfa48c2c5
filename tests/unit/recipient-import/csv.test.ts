import { describe, expect, it } from 'vitest';
import { BrokenStream } from '../../../src/services/recipient-import/broken-stream.js';
import { readCsv } from '../../../src/services/recipient-import/csv.js';
import { entriesOf, texts } from './support.js';

const read = (...parts: string[]) => entriesOf(readCsv(texts(...parts)));

/** The recipients of a file that must be readable. */
async function recipientsOf(file: string) {
  const { entries, error } = await read(file);
  expect(error).toBeUndefined();
  return entries.map((entry) => ('recipient' in entry ? entry.recipient : entry));
}

const ANN = { email: 'ann@x.org', name: 'Ann', variables: { city: 'Bonn' } };

describe('readCsv', () => {
  it.each([
    ['commas', 'email,name,city\nann@x.org,Ann,Bonn\n'],
    ['semicolons', 'email;name;city\nann@x.org;Ann;Bonn\n'],
    ['tabs', 'email\tname\tcity\nann@x.org\tAnn\tBonn\n'],
    ['semicolons and a comma in a title', 'email;name;"city"\nann@x.org;Ann;Bonn\n'],
    ['CR LF', 'email,name,city\r\nann@x.org,Ann,Bonn\r\n'],
    ['CR', 'email,name,city\rann@x.org,Ann,Bonn\r'],
    ['no line end', 'email,name,city\nann@x.org,Ann,Bonn'],
    ['quotes', '"email","name","city"\n"ann@x.org","Ann","Bonn"\n'],
    ['blank lines and rows', '\n\nemail,name,city\n\n,,\nann@x.org,Ann,Bonn\n \n'],
    ['spaces around cells', 'email , name, city\n ann@x.org, Ann ,"Bonn" \n'],
    ['another letter case', 'E-Mail,NAME,city\nAnn@X.org,Ann,Bonn\n'],
    ['another word for it', 'Email Address,Name,city\nann@x.org,Ann,Bonn\n'],
    ['another order', 'city,name,email\nBonn,Ann,ann@x.org\n'],
    ['a column without a title', 'email,name,city,\nann@x.org,Ann,Bonn,x\n'],
    ['a name in the address', 'email,city\nAnn <ann@x.org>,Bonn\n'],
  ])('reads %s', async (_case, file) => {
    expect(await recipientsOf(file)).toEqual([ANN]);
  });

  it('reads the same however the text is cut', async () => {
    const file = 'email;name;city\r\n"ann@x.org";"A ""nn";"Bo\r\nnn"\r\nbob@x.org;Bob;\r\n';
    const whole = await read(file);
    expect(whole.entries).toHaveLength(2);
    expect(await read(...file)).toEqual(whole);
  });

  it('makes variables of the other columns, but not of empty cells', async () => {
    const file = 'email,First Name,2nd,Umsatz (€),größe,last-name\nann@x.org,Ann,b,5,,Lee\nbob@x.org,,,,,\n';
    expect(await recipientsOf(file)).toEqual([
      { email: 'ann@x.org', variables: { First_Name: 'Ann', _2nd: 'b', Umsatz: '5', 'last-name': 'Lee' } },
      { email: 'bob@x.org' },
    ]);
  });

  it('takes off what an export puts before formulas, and nothing else', async () => {
    const file = "email,a,b,c,d,e\nann@x.org,'=1+1,'-5,''=x,'quoted',\"'\tx\"\n";
    expect(await recipientsOf(file)).toEqual([
      { email: 'ann@x.org', variables: { a: '=1+1', b: '-5', c: "'=x", d: "'quoted'", e: '\tx' } },
    ]);
  });

  it('rejects bad rows by the line they begin on, and reads on', async () => {
    const { entries, error } = await read(
      [
        'email,name,note',
        'ann@x.org,Ann,"two',
        'lines"',
        'no address,,',
        'bob@x.org,Bob',
        'bob@x.org,Bob,x,y',
        'bob@x.org,Bob "the" Man,x',
        'bob@x.org,"a',
        'b",x',
        ',Bob,x',
        'zoë@x.org,,',
        'carl@bücher.de,Carl,',
        'dora@x.org',
      ].join('\n'),
    );
    expect(error).toBeUndefined();
    expect(entries).toMatchObject([
      { line: 2, recipient: { email: 'ann@x.org', variables: { note: 'two\nlines' } } },
      { line: 4, email: 'no address', reason: 'not an address: local@domain is expected' },
      { line: 5, email: 'bob@x.org', reason: 'has 2 cells where the header has 3' },
      { line: 6, email: 'bob@x.org', reason: 'has 4 cells where the header has 3' },
      { line: 7, email: '', reason: 'a quote inside a cell that does not begin with one' },
      { line: 8, email: 'bob@x.org', reason: 'the name has a line break or control character' },
      { line: 10, email: '', reason: 'no address' },
      { line: 11, email: 'zoë@x.org', reason: expect.stringContaining('beyond ASCII') },
      { line: 12, recipient: { email: 'carl@xn--bcher-kva.de' } },
      { line: 13, email: 'dora@x.org', reason: 'has 1 cell where the header has 3' },
    ]);
  });

  it('rejects variables of more than 16 kB and a name of more than 200 letters', async () => {
    const { entries } = await read(`email,name,note\na@x.org,,${'x'.repeat(17_000)}\nb@x.org,${'n'.repeat(201)},\n`);
    expect(entries).toEqual([
      { line: 2, email: 'a@x.org', reason: 'its variables must be at most 16384 bytes of JSON' },
      { line: 3, email: 'b@x.org', reason: 'the name is longer than 200 characters' },
    ]);
  });

  it('takes no longer for what is made to be slow', async () => {
    const slow = [`a${' '.repeat(60_000)}>`, `"${'<'.repeat(60_000)}>"`, `${'a.'.repeat(30_000)}>`];
    const { entries } = await read(`email\n${slow.join('\n')}\n`);
    expect(entries).toMatchObject(slow.map(() => ({ reason: 'longer than an address can be' })));
  }, 1_000);

  it.each([
    [
      'no email column',
      'mail,name\na@x.org,Ann\n',
      1,
      'has no column "email" in its first row; the columns there are "mail", "name"',
    ],
    ['no header', 'a@x.org;Ann\n', 1, 'the columns there are "a@x.org", "Ann"'],
    ['two email columns', 'email,E-Mail\na@x.org,b@x.org\n', 1, 'has two columns that are both "email" to a template'],
    ['two equal variables', 'email,Order #,order,Order\n', 1, 'both "Order"'],
    ['a reserved variable', 'email,__proto__\na@x.org,x\n', 1, '__proto__'],
    ['too many variables', `email,${Array.from({ length: 51 }, (_, n) => `v${n}`).join(',')}\n`, 1, 'at most 50 keys'],
    ['no content', '', 1, 'is empty'],
    ['blank lines only', '\n\n', 3, 'is empty'],
    ['a header without end', `email,${'x'.repeat(70_000)}`, 1, 'more than 65536 bytes'],
    ['a title too long', `email,${'x'.repeat(101)}\n`, 1, 'more than 100 characters'],
  ])('breaks at %s', async (_case, file, line, reason) => {
    const { entries, error } = await read(file);
    expect(entries).toEqual([]);
    expect(error).toMatchObject({ name: 'BrokenStream', line, message: expect.stringContaining(reason) });
  });

  it.each([
    ['a quote that never closes', 'bob@x.org,"Bob\ncarl@x.org,Carl\n', 3, 'a quote that never closes'],
    ['a quote that closes too early', 'bob@x.org,"Bob" Lee\n', 3, 'right behind a closing quote'],
    [
      'a quote that closes where the next one opens',
      'bob@x.org,"Bob\ncarl@x.org,"Carl"\n',
      4,
      'behind a closing quote',
    ],
    ['an overlong row', `bob@x.org,${'x'.repeat(70_000)}\n`, 3, 'a row of more than 65536 bytes'],
  ])('gives what stands before %s, and breaks there', async (_case, rest, line, reason) => {
    const { entries, error } = await read(`email,name\nann@x.org,Ann\n${rest}`);
    expect(entries).toMatchObject([{ recipient: { email: 'ann@x.org' } }]);
    expect(error).toMatchObject({ name: 'BrokenStream', line, message: expect.stringContaining(reason) });
  });

  it('gives every whole row of a text that breaks off, and no part of one', async () => {
    async function* cut() {
      yield 'email\nann@x.org\nb@x.org\ncarl@x.or';
      throw new BrokenStream('was cut off by its sender');
    }
    const { entries, error } = await entriesOf(readCsv(cut()));
    expect(entries).toMatchObject([{ recipient: { email: 'ann@x.org' } }, { recipient: { email: 'b@x.org' } }]);
    expect(error).toMatchObject({ message: 'was cut off by its sender', line: 4 });
  });
});
