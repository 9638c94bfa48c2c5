import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/errors.js';
import { compile } from '../../../src/templates/compile.js';
import { missing } from '../../../src/templates/missing.js';
import { RenderError, render } from '../../../src/templates/render.js';
import type { TemplateSource, TemplateVariable } from '../../../src/templates/source.js';

function rendered(
  source: Partial<TemplateSource>,
  values: Record<string, unknown>,
  variables: TemplateVariable[] = [],
) {
  return render(compile({ subject: 'S', ...source }, variables), values);
}

function problemsOf(source: Partial<TemplateSource>) {
  try {
    compile({ subject: 'S', ...source });
  } catch (error) {
    if (error instanceof AppError) return error.details.errors;
  }
  throw new Error('compiled');
}

describe('rendering', () => {
  it('escapes variables in the HTML and leaves subject and text as they are', () => {
    const source = { subject: '{{ x }}', html: '<p title="{{ x }}">{{ x }}</p>', text: '{{ x }}' };
    expect(rendered(source, { x: `<b>"O'Neil" & co</b>` })).toEqual({
      subject: `<b>"O'Neil" & co</b>`,
      html: '<p title="&lt;b&gt;&#34;O&#39;Neil&#34; &amp; co&lt;/b&gt;">&lt;b&gt;&#34;O&#39;Neil&#34; &amp; co&lt;/b&gt;</p>',
      text: `<b>"O'Neil" & co</b>`,
    });
  });

  it('escapes what was escaped by the author once only, and raw not at all', () => {
    expect(rendered({ html: '{{ x | escape }} {{ x | raw }}' }, { x: '<' })).toMatchObject({
      html: '&lt; <',
      text: '< <',
    });
  });

  it('takes line breaks and control characters out of subjects', () => {
    const { subject } = rendered({ subject: 'Hi {{ name }}', text: 't' }, { name: 'Ann\r\nBcc: all@x.org\u0000\t!' });
    expect(subject).toBe('Hi Ann Bcc: all@x.org !');
  });

  it('keeps every script of Unicode', () => {
    const name = 'Zoë Müller 李雷 🥃 ‏עברית';
    expect(rendered({ subject: '{{ name }}', html: '{{ name }}' }, { name })).toEqual({
      subject: name,
      html: name,
      text: name,
    });
  });

  it('gives a default to what is absent or empty, and to nothing else', () => {
    const variables = [{ name: 'x', defaultValue: 'friend' }];
    for (const values of [{}, { x: '' }, { x: '  ' }, { x: null }]) {
      expect(rendered({ text: '{{ x }}' }, values, variables).text).toBe('friend');
    }
    expect(rendered({ text: '{{ x }}' }, { x: 0 }, variables).text).toBe('0');
    expect(rendered({ text: '{{ x }}' }, { x: false }, variables).text).toBe('false');
  });

  it('knows conditions, loops and filters', () => {
    const text =
      '{% if vip %}VIP {% endif %}{% for item in items %}{{ item.name | upcase }}:{{ item.price | round: 2 }} {% endfor %}';
    expect(
      rendered(
        { text },
        {
          vip: true,
          items: [
            { name: 'a', price: 1.006 },
            { name: 'b', price: 2 },
          ],
        },
      ).text,
    ).toBe('VIP A:1.01 B:2 ');
  });

  it('reads dates in the offset they were written with, on every machine', () => {
    expect(rendered({ text: '{{ d | date: "%A %d %B, %H:%M" }}' }, { d: '2026-12-24T09:00:00+01:00' }).text).toBe(
      'Thursday 24 December, 09:00',
    );
  });

  it('never reaches a prototype, and never another recipient’s variables', () => {
    const compiled = compile({
      subject: 'S',
      text: '{{ x.constructor }}{{ x.length.constructor }}{% increment n %}{{ n }}',
    });
    const values = { x: {}, n: 5 };
    expect(render(compiled, values).text).toBe(render(compiled, values).text);
    expect(values).toEqual({ x: {}, n: 5 });
    expect(rendered({ text: '{{ __proto__ }}{{ constructor }}{{ toString }}{{ x.toString }}' }, { x: {} }).text).toBe(
      '',
    );
  });

  it.each([
    [
      'an endless loop',
      '{% for i in (1..2000) %}{% for j in (1..2000) %}{% for k in (1..2000) %}x{% endfor %}{% endfor %}{% endfor %}',
    ],
    ['a huge range', '{% for i in (1..999999999) %}x{% endfor %}'],
    ['doubling by append', '{% assign s = "aaaa" %}{% for i in (1..60) %}{% assign s = s | append: s %}{% endfor %}'],
    [
      'doubling by capture',
      '{% assign s = "aaaa" %}{% for i in (1..60) %}{% capture s %}{{ s | raw }}{{ s | raw }}{% endcapture %}{% endfor %}',
    ],
    [
      'doubling by concat',
      '{% assign a = "a,b" | split: "," %}{% for i in (1..60) %}{% assign a = a | concat: a %}{% endfor %}{{ a }}',
    ],
    ['a wide date', '{{ "now" | date: "%9999999999d" }}'],
    ['an endless table', '{% tablerow i in (1..999999999) %}{% endtablerow %}'],
    ['a large literal', `{% for i in (1..90000) %}${'y'.repeat(10_000)}{% endfor %}`],
  ])('ends %s soon, with a reason', (_name, bomb) => {
    for (const part of [{ html: bomb, text: 't' }, { text: bomb }]) {
      const startedAt = performance.now();
      expect(() => rendered(part, {})).toThrow(RenderError);
      expect(() => rendered(part, {})).toThrow(/^content\.(html|text): (takes too long to render|grows too large)$/);
      expect(performance.now() - startedAt).toBeLessThan(2_000);
    }
  });
});

describe('compiling', () => {
  it.each([
    ['an unclosed tag', 'a\n{% if x %}', 'line 2, column 1: tag {% if x %} not closed'],
    ['an unclosed output', 'a\n\n b{{ x', 'line 3, column 3: output "{{ x" not closed'],
    ['an unknown tag', '{% foo %}', 'line 1, column 1: tag "foo" not found'],
    ['an unknown filter', '{{ x | foo }}', 'line 1, column 1: undefined filter: foo'],
    ['an include', '{% include "/etc/passwd" %}', 'line 1, column 1: tag "include" not found'],
    ['a render', '{% render "x" %}', 'line 1, column 1: tag "render" not found'],
  ])('names line and column of %s', (_name, html, message) => {
    expect(problemsOf({ html })).toEqual([{ path: 'content.html', message }]);
  });

  it('names every part that does not parse', () => {
    expect(problemsOf({ subject: '{{', html: '{% if %}', text: '{% x %}' })?.map(({ path }) => path)).toEqual([
      'content.html',
      'subject',
      'content.text',
    ]);
  });

  it.each([
    ['elements nested too deep', '<div>'.repeat(100_000)],
    ['more tags than a mail has', '{{x}}'.repeat(100_000)],
    ['a tag as long as a book', `{{ x | append: ${'"a",'.repeat(100_000)}"a" }}`],
    ['conditions nested too deep', `${'{% if a %}'.repeat(4_000)}${'{% endif %}'.repeat(4_000)}`],
    ['a part that is too long', 'x'.repeat(600_000)],
  ])('refuses %s within a moment', (_name, html) => {
    const startedAt = performance.now();
    expect(problemsOf({ html })).toHaveLength(1);
    expect(performance.now() - startedAt).toBeLessThan(1_500);
  });
});

describe('missing', () => {
  const variables = [
    { name: 'name', defaultValue: 'friend' },
    { name: 'order', required: true },
  ];
  const compiled = compile(
    {
      subject: '{{ name }} {{ order }}',
      text: '{% assign own = city %}{{ own }}{% for item in items %}{{ item }}{{ forloop.index }}{% endfor %}{{ prices[currency] }}',
    },
    variables,
  );

  it('names what is used and not given, the required ones apart', () => {
    expect(missing(compiled, {})).toEqual({ required: ['order'], optional: ['city', 'currency', 'items', 'prices'] });
  });

  it('counts an empty value as not given', () => {
    const values = { order: ' ', city: 'Bonn', items: [], prices: {}, currency: 'EUR' };
    expect(missing(compiled, values)).toEqual({ required: ['order'], optional: [] });
    expect(missing(compiled, { ...values, order: 7 })).toEqual({ required: [], optional: [] });
  });

  it('takes nothing from an object’s prototype for given', () => {
    expect(missing(compile({ subject: '{{ toString }}', text: 't' }), {}).optional).toEqual(['toString']);
  });
});
