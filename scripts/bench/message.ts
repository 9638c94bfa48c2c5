/** The one message of the drain bench, about 4 KB: what both sides build and send for every recipient. */
export const FROM = { name: 'Bench', address: 'bench@example.com' };
export const SUBJECT = 'The same message for everybody';

const paragraph =
  'Whatever dies in the middle, nobody is mailed twice, nobody is forgotten, and no limit is exceeded. This line is here to fill the message to its size.';

export const HTML = `<!doctype html><html><body>${Array.from({ length: 14 }, (_, n) => `<p class="p${n}">${paragraph}</p>`).join('\n')}</body></html>`;
/** The same with ten links: what both sides send when the hub tracks them. */
export const LINKED_HTML = HTML.replace(
  '</body>',
  `${Array.from({ length: 10 }, (_, n) => `<p><a href="https://example.com/articles/${n}?from=mail&amp;n=${n}">Read ${n}</a></p>`).join('\n')}</body>`,
);
export const TEXT = Array.from({ length: 8 }, () => paragraph).join('\n\n');

const LINES_A_CHUNK = 1_000;

/** The list as a CSV file of `count` lines, in chunks: a million do not have to fit into memory. */
export async function* recipientLines(count: number): AsyncGenerator<Buffer> {
  yield Buffer.from('email\n');
  for (let first = 0; first < count; first += LINES_A_CHUNK) {
    const lines = Array.from({ length: Math.min(LINES_A_CHUNK, count - first) }, (_, n) => recipient(first + n));
    yield Buffer.from(`${lines.join('\n')}\n`);
  }
}

const recipient = (n: number) => `r${String(n).padStart(7, '0')}@example.com`;
