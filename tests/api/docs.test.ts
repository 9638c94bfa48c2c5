import { describe, expect, it } from 'vitest';
import { api } from '../support/hub.js';

describe('GET /api/openapi.json', () => {
  it('answers the document to anybody', async () => {
    const { body } = await api()
      .get('/api/openapi.json')
      .expect(200)
      .expect('Content-Type', /^application\/json/);
    expect(body).toMatchObject({ openapi: '3.1.1', servers: [{ url: 'https://hub.example.test' }] });
    expect(body.paths).toHaveProperty(['/api/openapi.json', 'get']);
  });
});

describe('GET /api/docs', () => {
  it('answers a page that may load nothing but its own style', async () => {
    const { headers, text } = await api()
      .get('/api/docs')
      .expect(200)
      .expect('Content-Type', /^text\/html/);
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(text).toContain('<title>Power MTA Hub API</title>');
  });
});
