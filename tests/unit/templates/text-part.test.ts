import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/templates/compile.js';
import { render } from '../../../src/templates/render.js';

/** The text part of an HTML template, rendered. */
function textOf(html: string, values: Record<string, unknown> = {}): string {
  return render(compile({ subject: 'S', html }), values).text;
}

describe('the derived text part', () => {
  it('has paragraphs, links with their address, and no more of the HTML', () => {
    const html = `<!doctype html><html><head><title>No</title><style>p { color: red }</style></head><body>
      <h1>Hello {{ name }}</h1><p>Read <a href="https://x.org/?a=1&amp;b=2">the news</a> &amp; more.</p>
      <img src="https://x.org/a.png" alt="logo"><p><a href="{{ unsubscribe_url }}">Unsubscribe</a></p></body></html>`;
    expect(textOf(html, { name: 'Ann', unsubscribe_url: 'https://h/u/1' })).toBe(
      'Hello Ann\n\nRead the news (https://x.org/?a=1&b=2) & more.\n\nUnsubscribe (https://h/u/1)',
    );
  });

  it('keeps Liquid as it was written, whatever HTML would make of it', () => {
    const html = `<p>{% if a < b and c > "<i>" %}yes{% else %}no{% endif %} {{ "&amp; <b>" | append: '"' }}</p><a href="{{ url | append: "?x=1&y=2" }}">go</a>`;
    expect(textOf(html, { a: 1, b: 2, c: '<j>', url: 'https://x.org/' })).toBe(
      'yes &amp; <b>"\n\ngo (https://x.org/?x=1&y=2)',
    );
  });

  it('leaves no empty lines where tags stood', () => {
    const html =
      '<p>Items</p><ul>{% for i in items %}<li>{{ i }}</li>{% endfor %}</ul>{% if vip %}<p>VIP</p>{% else %}<p>-</p>{% endif %}<p>Bye</p>';
    expect(textOf(html, { items: ['a', 'b'], vip: true })).toBe('Items\n\n- a\n- b\n\nVIP\n\nBye');
  });

  it('separates the cells of a table’s row', () => {
    expect(textOf('<table><tr><td>{{ a }}</td><td>{{ b }}</td></tr><tr><td>c</td></tr></table>', { a: 1, b: 2 })).toBe(
      '1 2\nc',
    );
  });

  it('keeps braces that were text as text', () => {
    expect(textOf('<p>{ a } &#123;&#123; x }} {% raw %}{{ y }}{% endraw %} &#123;% if %}</p>', { x: 'X' })).toBe(
      '{ a } {{ x }} {{ y }} {% if %}',
    );
  });

  it('is what a launch freezes', () => {
    expect(compile({ subject: 'S', html: '<p>Hi {{ name }}</p>' }).source).toEqual({
      subject: 'S',
      html: '<p>Hi {{ name }}</p>',
      text: 'Hi {{ name }}',
    });
  });

  it('asks for one where half of a tag would be lost', () => {
    expect(() => compile({ subject: 'S', html: '<!-- {% if x %} --><p>a</p>{% endif %}' })).toThrow(
      /give one in content\.text/,
    );
  });
});
