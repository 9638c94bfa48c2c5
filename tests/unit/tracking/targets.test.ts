import { describe, expect, it } from 'vitest';
import { isTrackable, parseTarget, renderTarget } from '../../../src/tracking/targets.js';

function rendered(template: string, values: Record<string, unknown> = {}, defaults: Record<string, string> = {}) {
  const target = parseTarget(template);
  const variables = Object.entries(defaults).map(([name, defaultValue]) => ({ name, defaultValue }));
  return target && renderTarget(target, variables, values);
}

describe('what can be tracked', () => {
  it.each([
    'https://a.example',
    'http://a.example/',
    'HTTPS://A.example/x',
    'https://a.example?x={{ x }}',
    'https://a.example#{{ x }}',
    'https://a.example:8443/{% if x %}{{ x }}{% endif %}',
    'https://[2001:db8::1]/x',
    'https://müller.example/',
  ])('takes %s', (template) => {
    expect(isTrackable(template, new Set())).toBe(true);
  });

  it.each([
    'https://a.example{{ x }}',
    'https://a.example{{ x }}/path',
    'https://{{ x }}',
    '{{ x }}',
    'https:{{ x }}',
    'https://a.example\\{{ x }}',
    'https://a.example@{{ x }}/',
    'https://a.example@b.example/',
    'https://a.example:{{ x }}/',
    'https:///a.example',
    'https://a b.example/',
    'javascript:alert(1)//https://a.example/',
    'https://a.example/{% for x in y %}{{ x }}{% endfor %}',
    'https://a.example/{% assign x = 1 %}',
    'https://a.example/{% if x %}',
    'https://a.example/{% endif %}',
    'https://a.example/{{ unsubscribe_url }}',
    'https://a.example/{{ forloop.index }}',
    'https://a.example/{{ given[mine] }}',
    'https://a.example/<b>',
  ])('leaves %s alone', (template) => {
    expect(isTrackable(template, new Set(['mine']))).toBe(false);
  });
});

describe('where a link leads', () => {
  it('is what its author wrote, to the letter', () => {
    for (const link of ['https://a.example', 'https://a.example/%7Ex?a=1&b=%20#c', 'https://A.example:443/']) {
      expect(rendered(link)).toBe(link);
    }
  });

  it('has the recipient’s variables, and defaults for those that are absent', () => {
    const template = 'https://a.example/{{ plan }}?n={{ name | url_encode }}{% if vip %}&vip=1{% endif %}';
    expect(rendered(template, { name: 'Ann & Bo', vip: true, plan: '' }, { plan: 'free' })).toBe(
      'https://a.example/free?n=Ann+%26+Bo&vip=1',
    );
  });

  it('is fit for a header, whatever the variables hold', () => {
    const link = rendered('https://a.example/?n={{ name }}', { name: 'Zoë\r\nSet-Cookie: a=b\u0000 "<x>' });
    expect(link).toMatch(/^https:\/\/a\.example\/\?n=[\x21-\x7e]+$/);
    expect(link).toContain('Set-Cookie:%20a=b');
  });

  it.each([
    ['https://a.example/{{ x }}', '/evil.example'],
    ['https://a.example/{{ x }}', '\\\\evil.example'],
    ['https://a.example/{{ x }}', '@evil.example'],
    ['https://a.example/{{ x }}', '../..//evil.example'],
    ['https://a.example?{{ x }}', '.evil.example'],
    ['https://a.example#{{ x }}', '@evil.example/'],
    ['https://a.example/?next={{ x }}', 'https://evil.example/'],
  ])('stays on the host of %s with %s', (template, x) => {
    const link = rendered(template, { x });
    expect(new URL(String(link)).host).toBe('a.example');
  });

  it.each(['https://{{ x }}/', '{{ x }}', 'https://a.example{{ x }}', 'javascript:alert(1)', ''])(
    'is nowhere for %j, which was never tracked',
    (template) => {
      expect(rendered(template, { x: 'evil.example' })).toBeUndefined();
    },
  );

  it('is nowhere when it cannot be rendered', () => {
    expect(rendered('https://a.example/{{ x | date: y }}', { x: 'now', y: { toString: 1 } })).toBeUndefined();
  });
});
