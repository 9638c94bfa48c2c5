import { describe, expect, it } from 'vitest';
import { SendRecord } from '../../src/embedded/ses/record.js';
import { failureOf, mail, sdk, useSes } from './ses-client.js';

describe('the record of the local SES', () => {
  it('tells who got what, and who got it twice', async () => {
    const { endpoint, control } = await useSes();
    const client = sdk(endpoint);
    await client.send(mail('a@example.net', { delivery: 'd1' }));
    const { MessageId } = await client.send(mail('b@example.net', { delivery: 'd2', attempt: '1' }));
    await client.send(mail('a@example.net', { delivery: 'd3' }));
    expect(await control.duplicates()).toEqual({ 'a@example.net': 2 });
    expect(await control.recipients({ recipient: 'a@example.net' })).toHaveLength(2);
    expect(await control.recipients({ messageId: MessageId ?? '' })).toMatchObject([
      { recipient: 'b@example.net', tags: { delivery: 'd2', attempt: '1' } },
    ]);
    expect(await control.recipients({ accessKeyId: 'AKIAOTHER' })).toEqual([]);
    await control.clearRecord();
    expect(await control.totals()).toMatchObject({ offered: 0, accepted: 0, calls: {} });
    expect(await control.recipients()).toEqual([]);
  });

  it('tells what was offered and accepted over time', async () => {
    let at = Date.UTC(2027, 0, 15, 12);
    const { endpoint, control } = await useSes({ now: () => at, account: { maxSendRate: 1 } });
    const client = sdk(endpoint);
    const start = at;
    await client.send(mail('a@example.net'));
    await failureOf(client.send(mail('a@example.net')));
    at += 1500;
    await client.send(mail('a@example.net'));
    expect(await control.series()).toEqual([
      { at: start, offered: 2, accepted: 1 },
      { at: start + 1000, offered: 1, accepted: 1 },
    ]);
    expect(await control.series({ bucketMs: 500, accessKeyId: 'AKIATEST' })).toMatchObject([
      { at: start },
      { at: start + 1500 },
    ]);
    expect(await control.series({ accessKeyId: 'AKIAOTHER' })).toEqual([]);
    await expect(control.series({ bucketMs: 150 })).rejects.toThrow(/422/);
  });

  it('keeps the last messages whole and lets older ones go', async () => {
    const { endpoint, control } = await useSes({ keepRaw: 1 });
    const client = sdk(endpoint);
    const first = await client.send(mail('a@example.net'));
    const second = await client.send(mail('b@example.net'));
    await expect(control.raw(first.MessageId ?? '')).rejects.toThrow(/404/);
    expect(await control.raw(second.MessageId ?? '')).toContain('Hello b@example.net');
  });

  it('remembers many recipients exactly', () => {
    const record = new SendRecord();
    for (let index = 0; index < 40_000; index++) {
      const recipients = [`sömeone.${index}@example.net`];
      record.accept({ accessKeyId: `AKIA${index % 3}`, recipients, tags: `d=${index}`, at: index, isOverLimit: false });
    }
    const rows = [...record.rows()];
    expect(rows).toHaveLength(40_000);
    expect(rows[37_777]).toMatchObject({
      recipient: 'sömeone.37777@example.net',
      accessKeyId: 'AKIA1',
      at: 37_777,
      tags: { d: '37777' },
    });
    expect(new Set(rows.map(({ messageId }) => messageId)).size).toBe(40_000);
    expect(record.duplicates().size).toBe(0);
  });
});
