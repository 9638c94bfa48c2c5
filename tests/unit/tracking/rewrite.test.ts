import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/templates/compile.js';
import { render } from '../../../src/templates/render.js';
import { restore, rewrite } from '../../../src/tracking/html/rewrite.js';
import { parseTarget, renderTarget } from '../../../src/tracking/targets.js';
import { NEWSLETTERS } from './newsletters.js';

const PLACE = /\{\{ pmh_links\[(\d+)\] \}\}/;

function rewritten(html: string, { opens = false, clicks = true, footer = '' } = {}) {
  const { parsed } = compile({ subject: 'S', html, text: 'T' });
  const { html: tracked, links } = rewrite({
    ...{ html, parsed: parsed.html ?? [], footer },
    ...{ tracksClicks: clicks, tracksOpens: opens },
  });
  return { html: tracked, links };
}

/** What an attribute's value says, as far as these newsletters need it: by another way than the code under test. */
function decoded(value: string): string {
  return value
    .replaceAll('&quot;', '"')
    .replaceAll('&#38;', '&')
    .replaceAll('&#x41;', 'A')
    .replaceAll('&reg;', '®')
    .replaceAll('&amp;', '&')
    .trim();
}

/** Puts the links back, each read from the original at the place where it stood. */
function undone(original: string, html: string, links: readonly string[]): string {
  const pieces = html.split(PLACE);
  let text = '';
  for (let n = 0; n < pieces.length; n += 2) {
    text += pieces[n];
    const number = pieces[n + 1];
    if (number === undefined) continue;
    const rest = original.slice(text.length);
    const value = rest.slice(0, rest.indexOf(pieces[n + 2] as string));
    expect(decoded(value)).toBe(links[Number(number)]);
    text += value;
  }
  return text;
}

describe('rewriting links', () => {
  it('is tried with twenty newsletters', () => {
    expect(NEWSLETTERS).toHaveLength(20);
  });

  it.each(NEWSLETTERS)('tracks what can be tracked of $name', ({ html, links }) => {
    expect(rewritten(html).links).toEqual(links);
  });

  it.each(NEWSLETTERS)('leaves the rest the same to the byte: $name', ({ html }) => {
    const { html: tracked, links } = rewritten(html);
    expect(tracked).not.toBe(html);
    expect(undone(html, tracked, links)).toBe(html);
  });

  it.each(NEWSLETTERS)('makes a template that renders as before but for the links: $name', ({ html }) => {
    const values = { name: 'Ann', q: 'x y', plan: 'basic', items: [{ id: 1, name: 'A' }], path: 'p', a: 1, vip: false };
    const { html: tracked, links } = rewritten(html);
    const [before, after] = [html, tracked].map(
      (one) =>
        render(compile({ subject: 'S', html: one, text: 'T' }), {
          ...values,
          pmh_links: links.map((_, n) => `LINK${n}`),
        }).html ?? '',
    );
    const around = after?.split(/LINK\d+/) ?? [];
    expect(around.length).toBeGreaterThan(1);
    let at = 0;
    for (const piece of around) {
      at = before?.indexOf(piece, at) ?? -1;
      expect(at).toBeGreaterThanOrEqual(0);
      at += piece.length;
    }
  });

  it('changes nothing where nothing is tracked', () => {
    for (const { html } of NEWSLETTERS) expect(rewritten(html, { clicks: false })).toEqual({ html, links: [] });
  });

  it('leads where the link led, also where its braces are entities', () => {
    const { links } = rewritten('<a href="https://a.example/&#123;&#123;x&#x7d;&rcub;?y={{ y }}">1</a>');
    const target = parseTarget(links[0] ?? '');
    expect(target && renderTarget(target, [], { x: 'X', y: 'Y' })).toBe('https://a.example/{{x}}?y=Y');
  });

  it('gives equal links one number', () => {
    const { html, links } = rewritten(
      '<a href="https://a.example/">1</a><a href="https://b.example/">2</a><a href="https://a.example/">3</a>',
    );
    expect(links).toEqual(['https://a.example/', 'https://b.example/']);
    expect(html.match(/pmh_links\[\d+\]/g)).toEqual(['pmh_links[0]', 'pmh_links[1]', 'pmh_links[0]']);
  });

  it('takes time in proportion to the length, whatever it is made of', () => {
    const many = (text: string) => text.repeat(Math.floor(500_000 / text.length));
    const parts = [
      '<a href="https://x.example/">',
      '<!--[if mso]>',
      '<a href="https://x.example/',
      '&amp;',
      '<',
      '{{ a }}',
    ];
    for (const text of parts.map(many)) {
      const startedAt = performance.now();
      rewrite({ html: text, parsed: [], tracksClicks: true, tracksOpens: true, footer: 'x' });
      expect(performance.now() - startedAt).toBeLessThan(5_000);
    }
  });
});

describe('the end of a message', () => {
  const pixel = '<img src="{{ pmh_open }}" width="1" height="1" alt="" style="border:0">';

  it.each([
    ['before the last </body>', '<body>a</body >\n</html>', `<body>aF${pixel}</body >\n</html>`],
    ['at the end without one', '<p>a</p>\n', `<p>a</p>\nF${pixel}`],
    ['not in a comment', 'a<!-- </body> -->', `a<!-- </body> -->F${pixel}`],
    [
      'not in what is kept as text',
      'a{% raw %}</body>{{ x }}{% endraw %}',
      `a{% raw %}</body>{{ x }}{% endraw %}F${pixel}`,
    ],
    ['not in a script', 'a<script>"</body>"</script>b</body>', `a<script>"</body>"</script>bF${pixel}</body>`],
  ])('goes %s', (_where, html, expected) => {
    expect(rewritten(html, { opens: true, footer: 'F' }).html).toBe(expected);
  });

  it('goes before links that stand behind the body', () => {
    const { html } = rewritten('<body></body><a href="https://a.example/">x</a>', { opens: true });
    expect(html).toBe(`<body>${pixel}</body><a href="{{ pmh_links[0] }}">x</a>`);
  });
});

describe('restoring', () => {
  it.each(NEWSLETTERS)('makes again what tracks the same links: $name', ({ html, links }) => {
    const { html: tracked } = rewritten(html, { opens: true });
    const again = restore(tracked, links);
    expect(again).not.toMatch(/pmh_/);
    expect(rewritten(again)).toEqual(rewritten(html));
  });

  it('leaves Liquid as it is, also where its text looks like its end', () => {
    const html = `<a href='https://a.example/?x={{ x | default: "}}" }}&amp;y=1'>a</a>`;
    const { html: tracked, links } = rewritten(html);
    expect(restore(tracked, links)).toBe(html);
  });
});
