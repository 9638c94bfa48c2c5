/** The one message of the drain bench, about 4 KB: what both sides build and send for every recipient. */
export const FROM = { name: 'Bench', address: 'bench@example.com' };
export const SUBJECT = 'The same message for everybody';

const paragraph =
  'Whatever dies in the middle, nobody is mailed twice, nobody is forgotten, and no limit is exceeded. This line is here to fill the message to its size.';

export const HTML = `<!doctype html><html><body>${Array.from({ length: 14 }, (_, n) => `<p class="p${n}">${paragraph}</p>`).join('\n')}</body></html>`;
export const TEXT = Array.from({ length: 8 }, () => paragraph).join('\n\n');

/** The n-th recipient. */
export const recipient = (n: number) => `r${String(n).padStart(7, '0')}@example.com`;
