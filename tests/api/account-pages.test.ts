import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { api, useHub } from '../support/hub.js';

useHub();

const sha256 = (text = '') => createHash('sha256').update(text).digest('base64');

describe.each(['/reset-password', '/accept-invitation'])('GET %s', (path) => {
  it('is a page with a script of its own, by its hash, that calls nobody but the hub', async () => {
    const { text, headers } = await api()
      .get(path)
      .expect(200)
      .expect('Content-Type', /^text\/html/);
    const [, style] = /<style>([\s\S]*?)<\/style>/.exec(text) ?? [];
    const [, script] = /<script>([\s\S]*?)<\/script>/.exec(text) ?? [];
    expect(headers['content-security-policy']).toBe(
      `default-src 'none'; style-src 'sha256-${sha256(style)}'; script-src 'sha256-${sha256(script)}'; ` +
        `connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
    );
    expect(text.match(/<script/g)).toHaveLength(1);
    expect(text).not.toMatch(/https?:\/\/|<link|<img|\son\w+=|\sstyle="/);
  });

  it('is neither framed, indexed, kept nor named to others', async () => {
    const { headers } = await api().get(path);
    expect(headers).toMatchObject({
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'x-robots-tag': 'noindex, nofollow',
      'cache-control': 'no-store',
    });
    expect(headers['set-cookie']).toBeUndefined();
  });

  it('names each field, and tells each problem where it is', async () => {
    const { text } = await api().get(path);
    const ids = [...text.matchAll(/<input id="([^"]+)"/g)].map(([, id]) => id);
    expect(ids).toContain('password');
    for (const id of ids) {
      expect(text).toContain(`<label for="${id}">`);
      expect(text).toContain(`<p id="${id}-problem" class="problem" role="alert">`);
      expect(text).toMatch(new RegExp(`<input id="${id}"[^>]* aria-describedby="[^"]*${id}-problem"`));
    }
    expect(text).toContain('<html lang="en">');
    expect(text).toContain('<noscript>');
  });

  it('posts to an endpoint with the fields that it takes', async () => {
    const { text } = await api().get(path);
    const [, action = ''] = /<form method="post" action="([^"]+)"/.exec(text) ?? [];
    expect(action).toBe(`api/auth${path}`);
  });
});
