import { readFileSync } from 'node:fs';
import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { EVENT_TYPES } from '../../../src/models/event.js';
import { headersOf, testMessage } from '../../../src/webhooks/message.js';
import { newSecret } from '../../../src/webhooks/secrets.js';

const page = readFileSync('docs/webhooks.md', 'utf8');
const [, code = ''] = /```js\n(.*?)```/s.exec(page) ?? [];

describe('docs/webhooks.md', () => {
  it('verifies by its lines of Node what the hub signs, and nothing else', async () => {
    const { verify } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
    const at = new Date();
    const message = testMessage(new Types.ObjectId(), new Types.ObjectId(), at);
    const [present, previous] = [newSecret(), newSecret()];
    const headers = headersOf(message, [present, previous], at);
    for (const secret of [present, previous]) {
      expect(verify(message.body, headers, secret)).toMatchObject({ type: 'webhook.test' });
    }
    expect(() => verify(message.body, headers, newSecret())).toThrow('Not the hub');
    expect(() => verify(message.body.replace('test', 'fake'), headers, present)).toThrow('Not the hub');
    const old = headersOf(message, [present], new Date(at.getTime() - 301_000));
    expect(() => verify(message.body, old, present)).toThrow('Too old');
    expect(() => verify(message.body, {}, present)).toThrow();
  });

  it('names every type of event', () => {
    for (const type of EVENT_TYPES) expect(page).toContain(`\`${type}\``);
  });
});
