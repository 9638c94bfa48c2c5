import { describe, expect, it } from 'vitest';
import { fakeHub, ok } from './fake-hub.js';

const page = (ids: readonly string[], nextCursor: string | null) =>
  ok({ campaigns: ids.map((id) => ({ id })), pagination: { nextCursor, hasMore: nextCursor !== null } });

const queriesOf = (asked: readonly Request[]) => asked.map(({ url }) => new URL(url).search);

describe('a list', () => {
  it('goes through all of its pages, each fetched when it is come to', async () => {
    const { hub, asked } = fakeHub([page(['a', 'b'], 'next'), page([], 'on'), page(['c'], null)]);
    const ids: string[] = [];
    for await (const { id } of hub.campaigns.list({ status: 'sent', limit: 2 })) {
      if (ids.length === 0) expect(asked).toHaveLength(1);
      ids.push(id);
    }
    expect(ids).toEqual(['a', 'b', 'c']);
    expect(queriesOf(asked)).toEqual([
      '?status=sent&limit=2',
      '?status=sent&limit=2&cursor=next',
      '?status=sent&limit=2&cursor=on',
    ]);
  });

  it('fetches nothing more when one stops', async () => {
    const { hub, asked } = fakeHub([page(['a', 'b'], 'next')]);
    for await (const { id } of hub.campaigns.list()) if (id === 'a') break;
    expect(asked).toHaveLength(1);
  });

  it('gives single pages: the first, the one it began at, and any by its cursor', async () => {
    const { hub, asked } = fakeHub([page(['a'], 'next'), page(['b'], null), page(['c'], null)]);
    const list = hub.campaigns.list();
    expect(await list.page()).toEqual({ items: [{ id: 'a' }], nextCursor: 'next', hasMore: true });
    expect(await list.page('next')).toEqual({ items: [{ id: 'b' }], nextCursor: null, hasMore: false });
    await hub.campaigns.list({ cursor: 'mine' }).page();
    expect(queriesOf(asked)).toEqual(['', '?cursor=next', '?cursor=mine']);
  });

  it('asks for nothing before somebody looks', () => {
    const { hub, asked } = fakeHub([]);
    hub.campaigns.list();
    expect(asked).toEqual([]);
  });
});
