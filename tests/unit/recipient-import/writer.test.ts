import { describe, expect, it } from 'vitest';
import type { Recipient } from '../../../src/services/recipient-import/entry.js';
import type { Inserted } from '../../../src/services/recipient-import/insert.js';
import { Writer } from '../../../src/services/recipient-import/writer.js';

const recipient = (email: string, name?: string): Recipient => ({ email, name, variables: undefined });
const added = (batch: Recipient[]): Inserted => ({ added: batch.length, duplicates: 0, suppressed: 0 });

describe('Writer', () => {
  it('keeps the first of equal addresses of a batch and counts the others', async () => {
    const batches: Recipient[][] = [];
    const counted: Inserted[] = [];
    const writer = new Writer(
      async (batch) => {
        batches.push(batch);
        return added(batch);
      },
      (inserted) => counted.push(inserted),
    );
    writer.add(recipient('a@x.org', 'first'));
    writer.add(recipient('a@x.org', 'second'));
    await writer.end();
    expect(batches).toEqual([[recipient('a@x.org', 'first')]]);
    expect(counted).toEqual([
      { added: 0, duplicates: 1, suppressed: 0 },
      { added: 1, duplicates: 0, suppressed: 0 },
    ]);
  });

  it('writes one batch at a time while the next is collected', async () => {
    const finish: (() => void)[] = [];
    const writer = new Writer(
      (batch) => new Promise((resolve) => finish.push(() => resolve(added(batch)))),
      () => {},
    );
    writer.add(recipient('a@x.org'));
    await writer.flush();
    writer.add(recipient('b@x.org'));
    const second = writer.flush();
    expect(finish).toHaveLength(1);
    finish[0]?.();
    await second;
    expect(finish).toHaveLength(2);
    finish[1]?.();
    await writer.end();
  });

  it('throws at the next flush what a batch under way failed with', async () => {
    const writer = new Writer(
      () => Promise.reject(new Error('no database')),
      () => {},
    );
    writer.add(recipient('a@x.org'));
    await writer.flush();
    await writer.settled();
    await expect(writer.flush()).rejects.toThrow('no database');
  });
});
