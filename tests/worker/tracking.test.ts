import { describe, expect, it } from 'vitest';
import { DeliveryModel } from '../../src/models/delivery.js';
import { EmailCampaignModel } from '../../src/models/email-campaign.js';
import { flushOpens } from '../../src/tracking/opens.js';
import { apiKey } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { type Parsed, parseMime, valuesOf } from '../support/mime.js';
import {
  accepted,
  as,
  launched,
  people,
  type Sender,
  sender,
  ses,
  untilCampaign,
  useWorkers,
} from '../support/sending.js';
import { BROWSER } from '../support/tracked.js';

useHub();
const startWorkers = useWorkers();

const TRACKED = { opens: true, clicks: true };
const html = `<!doctype html><html><body><p>Dear {{ name }}</p>
<a href="https://a.example/?x=1&amp;y=2">a</a><a href="https://b.example/{{ plan }}">b</a><a href='mailto:x@example.com'>m</a>
{% for item in items %}<a href="https://a.example/?x=1&amp;y=2">{{ item }}</a>{% endfor %}</body></html>`;

interface Mail extends Parsed {
  raw: string;
  recipient: string;
}

/** Sends a campaign. @returns what went out, by recipient. */
async function mailed(who: Sender, recipients: Parameters<typeof launched>[1], fields: object): Promise<Mail[]> {
  const id = await launched(who, recipients, fields);
  startWorkers();
  await untilCampaign(who, id, 'sent');
  const rows = await accepted(who);
  const mails = await Promise.all(
    rows.map(async ({ recipient, messageId }) => {
      const raw = await ses().raw(messageId);
      return { raw, recipient, ...parseMime(raw) };
    }),
  );
  return mails.sort((a, b) => (a.recipient < b.recipient ? -1 : 1));
}

const pathsIn = (text: string, kind: RegExp) =>
  [...text.matchAll(/https:\/\/hub\.example\.test(\/[\w/-]+)/g)].flatMap(([, path]) =>
    path && kind.test(path) ? [path] : [],
  );

/** RFC 8058 §3.1, and RFC 5322 §2.1.1 with its line breaks (§2.3). */
function expectOneClick({ raw, ...mail }: Mail): string {
  const lists = valuesOf(mail, 'list-unsubscribe');
  expect(lists).toEqual([expect.stringMatching(/^<https:\/\/[\x21-\x3b\x3d\x3f-\x7e]+>$/)]);
  expect(valuesOf(mail, 'list-unsubscribe-post')).toEqual(['List-Unsubscribe=One-Click']);
  const lines = raw.split('\r\n');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(998);
  expect(lines.join('')).not.toMatch(/[\r\n]/);
  expect(raw.slice(0, raw.indexOf('\r\n\r\n'))).toMatch(/^[\x20-\x7e\r\n\t]+$/);
  return lists[0]?.slice(1, -1) ?? '';
}

describe('a tracked campaign', () => {
  it('goes out with links of each message’s own, that lead on', async () => {
    const who = await sender();
    const recipients = people(2).map((one, n) => ({ ...one, variables: { plan: `p${n}`, items: ['x', 'y'] } }));
    const mails = await mailed(who, recipients, { content: { html }, tracking: TRACKED });
    expect(mails).toHaveLength(2);
    // As if it were an hour later: whoever is there at once is a scanner.
    const sentAt = new Date(Date.now() - 3_600_000);
    await DeliveryModel.updateMany({ email: { $in: recipients.map(({ email }) => email) } }, { $set: { sentAt } });
    for (const [n, mail] of mails.entries()) {
      const paths = pathsIn(mail.html, /^\/t\/c\//);
      expect(paths).toHaveLength(4);
      expect(new Set(paths).size).toBe(2);
      for (const path of paths) expect(path.split('/').at(-1)?.length).toBeLessThanOrEqual(64);
      expect(mail.html).toContain(`<p>Dear Person ${n}</p>`);
      expect(mail.html).toContain("<a href='mailto:x@example.com'>m</a>");
      expect(mail.html).not.toMatch(/pmh_|\{\{/);
      expect(mail.text).toContain(`https://b.example/p${n}`);
      expect(pathsIn(mail.text, /^\/t\//)).toEqual([]);

      const lead = async (path: string | undefined) =>
        (
          await api()
            .get(path ?? '')
            .set('User-Agent', BROWSER)
        ).headers.location;
      expect(await lead(paths[0])).toBe('https://a.example/?x=1&y=2');
      expect(await lead(paths[1])).toBe(`https://b.example/p${n}`);
      const [pixel, ...others] = pathsIn(mail.html, /^\/t\/o\//);
      expect(others).toEqual([]);
      await api()
        .get(pixel ?? '')
        .set('User-Agent', BROWSER)
        .expect(200);
      await flushOpens();
      const delivery = await DeliveryModel.findOne({ email: mail.recipient }).lean();
      expect(delivery).toMatchObject({ clickedAt: expect.any(Date), openedAt: expect.any(Date), links: [0, 1] });
      expect(delivery?.machineClickedAt).toBeUndefined();
    }
    expect(new Set(mails.flatMap((mail) => pathsIn(mail.html, /^\/t\//))).size).toBe(6);
  });

  it('has its links at the business’s own host, where it had one at the launch', async () => {
    const who = await sender();
    const id = await launched(who, people(1), { content: { html }, tracking: TRACKED });
    await EmailCampaignModel.updateOne({ _id: id }, { $set: { 'frozen.linkDomain': 'links.shop.example' } });
    startWorkers();
    await untilCampaign(who, id, 'sent');
    const [row] = await accepted(who);
    const mail = parseMime(await ses().raw(row?.messageId ?? ''));
    expect(valuesOf(mail, 'list-unsubscribe')).toEqual([
      expect.stringMatching(/^<https:\/\/links\.shop\.example\/u\//),
    ]);
    expect(mail.html.match(/https:\/\/links\.shop\.example\/(t\/c|t\/o|u)\//g)).toHaveLength(4);
    expect(mail.html).not.toContain('hub.example.test');
  });

  it('shows its authors in a test what it will be', async () => {
    const who = await sender();
    const { campaign } = await as(
      who,
      'post',
      '/api/campaigns',
      { name: 'T', subject: 'S', fromEmail: 'news@example.com', content: { html }, tracking: TRACKED },
      201,
    );
    startWorkers();
    await as(
      who,
      'post',
      `/api/campaigns/${campaign.id}/test`,
      { to: ['ann@example.com'], variables: { plan: 'x' } },
      202,
    );
    const [row] = await accepted(who);
    const mail = parseMime(await ses().raw(row?.messageId ?? ''));
    const [path] = pathsIn(mail.html, /^\/t\/c\//);
    await api()
      .get(path ?? '')
      .set('User-Agent', BROWSER)
      .expect(302)
      .expect('Location', 'https://a.example/?x=1&y=2');
  });
});

describe('every campaign', () => {
  it.each([
    ['without a link', { html: '<p>Hello</p>', text: 'Hello' }],
    ['of text alone', { text: 'Hello' }],
    ['with its own link', { html: '<a href="{{ unsubscribe_url }}">Leave</a>' }],
  ])('can be left by one click: %s', async (_which, content) => {
    const who = await sender();
    await as(who, 'patch', '/api/business', { settings: { postalAddress: 'Whisky & Co\n1 High Street' } });
    const [mail] = await mailed(who, people(1), { content });
    if (!mail) throw new Error('nothing was sent');
    const url = expectOneClick(mail);
    expect(mail.text.split(url).length - 1).toBe(1);
    expect(mail.text.replaceAll('\r\n', '\n')).toContain('Whisky & Co\n1 High Street');
    if ('html' in content) {
      expect(mail.html.split(url).length - 1).toBe(1);
      expect(mail.html).toContain('Whisky &amp; Co<br>1 High Street');
    }
  });

  it('keeps its lines short with the longest address, name and link', async () => {
    const who = await sender();
    const email = `${'l'.repeat(64)}@${`${'d'.repeat(60)}.`.repeat(3)}example.com`;
    const link = `https://a.example/${'x'.repeat(3_000)}`;
    const fields = { content: { html: `<a href="${link}">a</a>` }, tracking: TRACKED, fromName: 'N'.repeat(200) };
    const [mail] = await mailed(who, [{ email, name: 'Ä'.repeat(200) }], fields);
    if (!mail) throw new Error('nothing was sent');
    const { pathname } = new URL(expectOneClick(mail));
    await api().post(pathname).type('form').send('List-Unsubscribe=One-Click').expect(200);
    const { suppressedAgain } = await reimported(who, email);
    expect(suppressedAgain).toBe(1);
  });
});

/** Imports the address into another campaign, as a sibling project would. */
async function reimported(who: Sender, email: string): Promise<{ suppressedAgain: number }> {
  const key = await apiKey(who, ['manage_campaigns']);
  const { campaign } = await as(who, 'post', '/api/campaigns', { name: 'Next', content: { text: 'T' } }, 201);
  const { body } = await api()
    .post(`/api/campaigns/${campaign.id}/recipients`)
    .set('X-API-Key', key)
    .send({ recipients: [{ email }] })
    .expect(200);
  return { suppressedAgain: body.suppressed };
}
