import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { cacheFolder, prepare } from '../../src/embedded/cache.js';

const KEY = { kind: 'thing', platform: 'somewhere-x64' };

describe('the cache folder', () => {
  beforeEach(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pmh-test-'));
    vi.stubEnv('PMH_CACHE_DIR', folder);
    onTestFinished(async () => {
      vi.unstubAllEnvs();
      await rm(folder, { recursive: true });
    });
  });

  it('builds a tree once, named by kind, version and platform', async () => {
    const build = vi.fn(async ({ tree }: { tree: string }) => {
      await writeFile(join(tree, 'content'), 'done');
      return '5:1.2-3';
    });
    const tree = await prepare(KEY, build);
    expect(tree).toBe(join(cacheFolder(), 'thing-5_1.2-3-somewhere-x64'));
    expect(await prepare(KEY, build)).toBe(tree);
    expect(build).toHaveBeenCalledTimes(1);
    expect(await readdir(cacheFolder())).toEqual(['thing-5_1.2-3-somewhere-x64']);
  });

  it('gives everyone a whole tree when several prepare it at once', async () => {
    const builds = [1, 2, 3].map((number) =>
      prepare(KEY, async ({ tree }) => {
        await writeFile(join(tree, 'content'), String(number));
        return '1';
      }),
    );
    const [tree = '', ...others] = await Promise.all(builds);
    expect(others).toEqual([tree, tree]);
    expect(['1', '2', '3']).toContain(await readFile(join(tree, 'content'), 'utf8'));
    expect(await readdir(cacheFolder())).toHaveLength(1);
  });

  it('leaves nothing of a build that failed', async () => {
    const build = async ({ tree }: { tree: string }) => {
      await writeFile(join(tree, 'content'), 'half');
      throw new Error('the mirror is gone');
    };
    await expect(prepare(KEY, build)).rejects.toThrow('the mirror is gone');
    expect(await readdir(cacheFolder())).toEqual([]);
  });

  it('does not take a tree that was made for another platform', async () => {
    await prepare({ ...KEY, platform: 'elsewhere-x64' }, async () => '1');
    const tree = await prepare(KEY, async () => '1');
    expect(tree).toContain('thing-1-somewhere-x64');
  });
});
