import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/templates/compile.js';
import { render } from '../../../src/templates/render.js';
import { prepare } from '../../../src/tracking/prepare.js';

const NOTHING = { opens: false, clicks: false };
const LINK = '<a href="{{ unsubscribe_url }}">Unsubscribe</a>';
const postalAddress = 'Whisky & Söhne {{ Ltd }}\n1 High Street\nEdinburgh';

function ends(source: { html?: string; text?: string }, address?: string) {
  const prepared = prepare(compile({ subject: 'S', ...source }), NOTHING, { postalAddress: address });
  return render(compile({ subject: 'S', ...prepared }), { unsubscribe_url: 'https://hub/u/1', vip: false });
}

const visible = (html = '') => html.replace(/<!--.*?-->/gs, '');
const count = (text: string | undefined, what: string) => (text ?? '').split(what).length - 1;

describe('the end of a campaign', () => {
  it.each([
    ['has none', '<p>a</p>'],
    ['has it for some', `{% if vip %}${LINK}{% endif %}`],
    ['has it in a loop', `{% for x in list %}${LINK}{% endfor %}`],
    ['shows it as text', '{% raw %}{{ unsubscribe_url }}{% endraw %}'],
    ['has it in a comment', `<p>a</p><!-- ${LINK} -->`],
    ['has it for Outlook only', `<!--[if mso]>${LINK}<![endif]--><p>a</p>`],
    ['ends in a condition', '{% unless vip %}<body>a</body>{% else %}<body>b</body>{% endunless %}'],
    ['ends in another condition', '{% if vip %}<body>a</body>{% endif %}<p>b</p>{% if vip %}</body>{% endif %}'],
  ])('has the link where the content %s', (_what, html) => {
    const message = ends({ html, text: 'T' });
    expect(count(visible(message.html), 'href="https://hub/u/1"')).toBe(1);
    expect(message.text).toBe('T\n\nUnsubscribe: https://hub/u/1\n');
  });

  it.each([LINK, 'Leave: {{ unsubscribe_url }}', '<a href="{{ unsubscribe_url | append: \'?x\' }}">u</a>'])(
    'has nothing more where the content has %s',
    (html) => {
      expect(count(ends({ html }).html, 'https://hub/u/1')).toBe(1);
      expect(count(ends({ html }).text, 'https://hub/u/1')).toBe(1);
    },
  );

  it('looks at HTML and text each for itself', () => {
    const message = ends({ html: LINK, text: 'without' });
    expect(count(message.html, 'https://hub/u/1')).toBe(1);
    expect(count(message.text, 'https://hub/u/1')).toBe(1);
  });

  it('has the postal address once, as it is written', () => {
    const message = ends({ html: LINK, text: 'T' }, postalAddress);
    expect(message.html).toContain('Whisky &amp; Söhne {{ Ltd }}<br>1 High Street<br>Edinburgh</div>');
    expect(message.text).toBe(
      'T\n\nWhisky & Söhne {{ Ltd }}\n1 High Street\nEdinburgh\nUnsubscribe: https://hub/u/1\n',
    );
  });

  it('does not repeat an address that the content names', () => {
    const address = 'Whisky Ltd\n1 High Street';
    const message = ends(
      { html: `<p>WHISKY Ltd,<br>1  High\nStreet</p>${LINK}`, text: 'Whisky Ltd, 2 High Street' },
      address,
    );
    expect(message.html).not.toContain('<div');
    expect(message.text).toContain('\nWhisky Ltd\n1 High Street\n');
  });

  it.each([
    ['in a comment', '<!-- Whisky Ltd, 1 High Street --><p>a</p>'],
    ['for machines', '<script type="application/ld+json">["Whisky Ltd","1 High Street"]</script>'],
    ['in its title', '<title>Whisky Ltd, 1 High Street</title><p>a</p>'],
    ['for some', '{% if vip %}Whisky Ltd, 1 High Street{% endif %}'],
  ])('has the address where the content names it %s', (_where, html) => {
    const message = ends({ html: html + LINK, text: 'T' }, 'Whisky Ltd\n1 High Street');
    expect(visible(message.html)).toContain('Whisky Ltd<br>1 High Street</div>');
  });

  it.each(['<p>a</p><!-- b', '<p>a</p><!--[if mso]>b', '<p>a</p><style>b', '<textarea>a'])(
    'is refused where nobody would see it: %s',
    (html) => {
      expect(() => ends({ html })).toThrow(/content\.html/);
      expect(ends({ html: LINK + html, text: 'T' }).html).toBe(
        LINK.replace('{{ unsubscribe_url }}', 'https://hub/u/1') + html,
      );
    },
  );

  it.each([
    '{% assign unsubscribe_url = "x" %}',
    '{% capture pmh_open %}{% endcapture %}',
    '{% for pmh_links in x %}{% endfor %}',
  ])('is made by nobody else: %s', (html) => {
    expect(() => ends({ html: `<p>a</p>${html}` })).toThrow(/content\.html/);
  });

  it('is there in a message without HTML', () => {
    expect(ends({ text: 'Only text' })).toEqual({ subject: 'S', text: 'Only text\n\nUnsubscribe: https://hub/u/1\n' });
  });
});
