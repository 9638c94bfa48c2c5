import { describe, expect, it } from 'vitest';
import { preview } from '../../../src/templates/preview.js';

const job = (text: string, values: Record<string, unknown> = {}) => ({
  source: { subject: 'S', text },
  variables: [],
  values,
});

// Within the limits on tags, and yet far more than a second to parse and render.
const slow = `{{ a | append: b${',a'.repeat(4_990)} }}`.repeat(52);

describe('preview', () => {
  it('renders in a thread', async () => {
    await expect(preview(job('Hi {{ name }}', { name: 'Ann' }))).resolves.toEqual({
      rendered: { subject: 'S', text: 'Hi Ann' },
      missing: { required: [], optional: [] },
    });
  });

  it('ends a thread that takes too long, whatever it is at, and serves the others meanwhile and after it', async () => {
    const startedAt = performance.now();
    const bomb = preview({ source: { subject: slow, html: slow, text: slow }, variables: [], values: {} });
    await Promise.all([
      expect(bomb).rejects.toMatchObject({
        code: 'validation_failed',
        details: { errors: [{ path: 'content', message: 'takes too long to render' }] },
      }),
      ...Array.from({ length: 5 }, () =>
        expect(preview(job('Hi'))).resolves.toMatchObject({ rendered: { text: 'Hi' } }),
      ),
    ]);
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    await expect(preview(job('Hi'))).resolves.toMatchObject({ rendered: { text: 'Hi' } });
  });

  it('refuses more than can wait', async () => {
    const results = await Promise.allSettled(Array.from({ length: 40 }, () => preview(job('Hi'))));
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'unavailable', status: 503 });
    await expect(preview(job('Hi'))).resolves.toMatchObject({ rendered: { text: 'Hi' } });
  });
});
