import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);

it('examples/whisky.ts sends an order confirmation and a newsletter, verifies what the hub tells of them, and ends', async () => {
  const { PATH, TMPDIR, MONGODB_URI, REDIS_URL } = process.env;
  const { stdout } = await run(process.execPath, ['--import', 'tsx', 'scripts/example.ts'], {
    env: { PATH, TMPDIR, MONGODB_URI, REDIS_URL },
    timeout: 55_000,
  });
  const [, order = '', newsletter = ''] = stdout.split(/^Confirming order .*|^Sending the newsletter:$/m);
  expect(order).toContain('← email.delivered: success+ann@simulator.amazonses.com');
  expect(newsletter).toContain('← email.bounced: bounce+carol@simulator.amazonses.com (no more mail to it)');
  expect(newsletter).toContain('← campaign.completed: 3 of 3 sent');
  expect(newsletter).toMatch(
    /bounce\+carol@\S+ +bounced\n +success\+ann@\S+ +delivered\n +success\+bob@\S+ +delivered\n$/,
  );
}, 60_000);
