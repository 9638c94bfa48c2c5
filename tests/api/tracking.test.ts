import { Types } from 'mongoose';
import { afterEach, describe, expect, it } from 'vitest';
import { BusinessModel } from '../../src/models/business.js';
import { DeliveryModel } from '../../src/models/delivery.js';
import { EmailCampaignModel } from '../../src/models/email-campaign.js';
import { EventModel } from '../../src/models/event.js';
import { closeOpens, flushOpens } from '../../src/tracking/opens.js';
import { signClick, signOpen } from '../../src/tracking/tokens.js';
import { once, register } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { BROWSER, type Tracked, tracked } from '../support/tracked.js';

useHub();
afterEach(closeOpens);

const shop = once(() => register());
const LINKS = [
  'https://a.example/0',
  'https://a.example/1?x=1&y=2',
  'https://a.example/{{ plan }}?n={{ name | url_encode }}',
  'https://a.example/3',
];

const get = (path: string, agent = BROWSER) => api().get(path).set('User-Agent', agent);

/** The path with one character of its token changed. */
const altered = (path: string) => path.replace(/.(?=.{20}$)/, (character) => (character === 'A' ? 'B' : 'A'));

async function nothingHappened({ id, read }: Tracked): Promise<void> {
  await flushOpens();
  expect(await read()).not.toMatchObject({ openedAt: expect.anything() });
  const { clickedAt, machineClickedAt, machineOpenedAt, links } = await read();
  expect([clickedAt, machineClickedAt, machineOpenedAt, links]).toEqual(Array(4).fill(undefined));
  expect(await EventModel.exists({ delivery: id })).toBeNull();
}

describe('GET /t/o/:token', () => {
  it('answers one transparent pixel that no cache keeps', async () => {
    const { open } = await tracked(await shop(), LINKS);
    const { body, headers } = await get(open).expect(200).expect('Content-Type', 'image/gif');
    expect(body).toHaveLength(43);
    expect(body.subarray(0, 6).toString()).toBe('GIF89a');
    expect(headers).toMatchObject({
      'content-length': '43',
      'cache-control': 'no-store',
      'x-robots-tag': 'noindex, nofollow',
      'cross-origin-resource-policy': 'cross-origin',
    });
    expect(headers['set-cookie']).toBeUndefined();
  });

  it('notes the first open of a person, and tells the log of it', async () => {
    const message = await tracked(await shop(), LINKS);
    const before = new Date();
    await get(message.open).expect(200);
    await flushOpens();
    const { openedAt, machineOpenedAt, status } = await message.read();
    expect(openedAt?.getTime()).toBeGreaterThanOrEqual(before.getTime());
    expect([machineOpenedAt, status]).toEqual([undefined, 'sent']);
    await get(message.open).expect(200);
    await flushOpens();
    expect((await message.read()).openedAt).toEqual(openedAt);
    const events = await message.events(1);
    expect(events).toMatchObject([
      {
        type: 'email.opened',
        business: message.business,
        campaign: message.campaign,
        email: message.email,
        at: openedAt,
        data: { machine: false, userAgent: BROWSER, ip: expect.stringMatching(/127\.0\.0\.1|::1/) },
      },
    ]);
  });

  it('writes by itself, within a moment', async () => {
    const message = await tracked(await shop(), LINKS);
    await get(message.open).expect(200);
    await message.events(1);
    expect((await message.read()).openedAt).toBeInstanceOf(Date);
  });

  it('keeps machines apart, and the log has one open of each kind', async () => {
    const message = await tracked(await shop(), LINKS);
    for (const agent of ['Mozilla/5.0', 'Mozilla/5.0', BROWSER, 'curl/8']) await get(message.open, agent).expect(200);
    await flushOpens();
    const { openedAt, machineOpenedAt } = await message.read();
    expect(machineOpenedAt).toBeInstanceOf(Date);
    expect(openedAt).toBeInstanceOf(Date);
    const events = await message.events(2);
    expect(events).toHaveLength(2);
    for (const machine of [true, false])
      expect(events).toContainEqual(expect.objectContaining({ data: expect.objectContaining({ machine }) }));
  });

  it('takes who is there within seconds for a machine, but not Google’s proxy', async () => {
    const sentAt = new Date(Date.now() + 3_600_000);
    const [scanned, read] = await Promise.all([
      tracked(await shop(), LINKS, { sentAt }),
      tracked(await shop(), LINKS, { sentAt }),
    ]);
    await get(scanned.open).expect(200);
    await get(read.open, 'Mozilla/5.0 (via ggpht.com GoogleImageProxy)').expect(200);
    await flushOpens();
    expect(await scanned.read()).toMatchObject({ machineOpenedAt: expect.any(Date) });
    expect((await scanned.read()).openedAt).toBeUndefined();
    expect(await read.read()).toMatchObject({ openedAt: expect.any(Date) });
  });

  it('never counts HEAD', async () => {
    const message = await tracked(await shop(), LINKS);
    const { headers } = await api().head(message.open).set('User-Agent', BROWSER).expect(200);
    expect(headers['content-type']).toBe('image/gif');
    await api().head(altered(message.open)).expect(404);
    await nothingHappened(message);
  });

  it('refuses altered and foreign tokens, with the picture all the same', async () => {
    const message = await tracked(await shop(), LINKS);
    for (const bad of [
      altered(message.open),
      message.click(0).replace('/t/c/', '/t/o/'),
      '/t/o/x',
      `${message.open}A`,
    ]) {
      const { body } = await get(bad).expect(404).expect('Content-Type', 'image/gif');
      expect(body).toHaveLength(43);
    }
    await nothingHappened(message);
  });

  it('touches no delivery of another business, whoever signed', async () => {
    const message = await tracked(await shop(), LINKS);
    const other = new Types.ObjectId((await register()).businessId);
    await get(`/t/o/${signOpen({ businessId: other, deliveryId: message.id })}`).expect(200);
    await nothingHappened(message);
  });

  it('loses none of many', async () => {
    const who = await shop();
    const messages = await Promise.all(Array.from({ length: 50 }, () => tracked(who, LINKS)));
    await Promise.all(messages.flatMap(({ open }) => [get(open).expect(200), get(open).expect(200)]));
    await closeOpens();
    const opened = { _id: { $in: messages.map(({ id }) => id) }, openedAt: { $exists: true } };
    expect(await DeliveryModel.countDocuments(opened)).toBe(50);
    expect(await EventModel.countDocuments({ delivery: { $in: messages.map(({ id }) => id) } })).toBe(50);
  });
});

describe('GET /t/c/:token', () => {
  it('leads to the stored link, and the click is safe before the answer', async () => {
    const message = await tracked(await shop(), LINKS);
    const { headers, text } = await get(message.click(1)).expect(302);
    expect(headers).toMatchObject({
      location: 'https://a.example/1?x=1&y=2',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-robots-tag': 'noindex, nofollow',
    });
    expect(text).toBe('');
    const { clickedAt, openedAt, links, machineClickedAt } = await message.read();
    expect(clickedAt).toBeInstanceOf(Date);
    expect([openedAt, links, machineClickedAt]).toEqual([clickedAt, [1], undefined]);
    expect(await EventModel.find({ delivery: message.id }).lean()).toMatchObject([
      {
        type: 'email.clicked',
        business: message.business,
        campaign: message.campaign,
        email: message.email,
        at: clickedAt,
        data: { machine: false, userAgent: BROWSER, link: 'https://a.example/1?x=1&y=2', linkNumber: 1 },
      },
    ]);
  });

  it('renders the link with the recipient’s variables and the template’s defaults', async () => {
    const fields = { name: 'Ann & Bo', variables: { plan: '' } };
    const { click } = await tracked(await shop(), LINKS, fields, [{ name: 'plan', defaultValue: 'free' }]);
    await get(click(2)).expect(302).expect('Location', 'https://a.example/free?n=Ann+%26+Bo');
  });

  it('sets each time once, to the earliest, and each link once', async () => {
    const message = await tracked(await shop(), LINKS);
    await get(message.click(1)).expect(302);
    const first = await message.read();
    await get(message.click(0)).expect(302);
    await get(message.click(1)).expect(302);
    const { clickedAt, openedAt, links } = await message.read();
    expect([clickedAt, openedAt, links]).toEqual([first.clickedAt, first.openedAt, [0, 1]]);
    const told = (await message.events(2)).map(({ data }) => JSON.stringify(data));
    for (const number of [0, 1]) expect(told).toContainEqual(expect.stringContaining(`"linkNumber":${number}`));
  });

  it('keeps what was opened before', async () => {
    const openedAt = new Date(Date.now() - 60_000);
    const message = await tracked(await shop(), LINKS, { openedAt });
    await get(message.click(0)).expect(302);
    expect((await message.read()).openedAt).toEqual(openedAt);
  });

  it('never counts HEAD, which leads on all the same', async () => {
    const message = await tracked(await shop(), LINKS);
    await api()
      .head(message.click(0))
      .set('User-Agent', BROWSER)
      .expect(302)
      .expect('Location', LINKS[0] ?? '');
    await nothingHappened(message);
  });

  it('takes a reader for a person also where nobody knows whether the message went out', async () => {
    const unknown = { status: 'unconfirmed', sentAt: null, unconfirmedAt: new Date(Date.now() - 3_600_000) } as const;
    const message = await tracked(await shop(), LINKS, unknown);
    await get(message.open).expect(200);
    await flushOpens();
    expect((await message.read()).openedAt).toBeInstanceOf(Date);
    await get(message.click(0)).expect(302);
    expect((await message.read()).clickedAt).toBeInstanceOf(Date);
  });

  it.each([
    ['that says so', { 'User-Agent': 'Barracuda Sentinel (EE)' }, {}],
    ['that only fetches ahead', { 'User-Agent': BROWSER, 'Sec-Purpose': 'prefetch;anonymous-client-ip' }, {}],
    ['that is there within seconds', { 'User-Agent': BROWSER }, { sentAt: new Date(Date.now() + 3_600_000) }],
  ])('keeps a machine %s apart', async (_which, headers, fields) => {
    const message = await tracked(await shop(), LINKS, fields);
    await api().get(message.click(0)).set(headers).expect(302);
    const { clickedAt, openedAt, links, machineClickedAt } = await message.read();
    expect([clickedAt, openedAt, links]).toEqual([undefined, undefined, undefined]);
    expect(machineClickedAt).toBeInstanceOf(Date);
    expect((await message.events(1))[0]?.data).toMatchObject({ machine: true });
  });

  it('takes whoever follows every link at once for a scanner, and takes back what it seemed to be', async () => {
    const message = await tracked(await shop(), LINKS);
    await Promise.all([0, 1, 2, 3].map((number) => get(message.click(number)).expect(302)));
    const { clickedAt, openedAt, links, machineClickedAt } = await message.read();
    expect([clickedAt, openedAt, links]).toEqual([undefined, undefined, []]);
    expect(machineClickedAt).toBeInstanceOf(Date);
  });

  it('keeps what a person did before a scanner came', async () => {
    const clickedAt = new Date(Date.now() - 60_000);
    const message = await tracked(await shop(), LINKS, { clickedAt, openedAt: clickedAt, links: [3] });
    await Promise.all([0, 1, 3].map((number) => get(message.click(number)).expect(302)));
    const after = await message.read();
    expect([after.clickedAt, after.openedAt, after.links]).toEqual([clickedAt, clickedAt, [3]]);
    expect(after.machineClickedAt).toBeInstanceOf(Date);
  });

  it.each([
    ['an altered token', (message: Tracked) => altered(message.click(0))],
    ['a pixel’s token', (message: Tracked) => message.open.replace('/t/o/', '/t/c/')],
    ['a link the campaign has not', (message: Tracked) => message.click(LINKS.length)],
    ['no token', () => '/t/c/x'],
    ['a URL', () => `/t/c/${encodeURIComponent('https://evil.example/')}`],
  ])('answers %s with a page and 404', async (_what, path) => {
    const message = await tracked(await shop(), LINKS);
    const { headers, text } = await get(`${path(message)}?url=https://evil.example/`).expect(404);
    expect(headers.location).toBeUndefined();
    expect(headers).toMatchObject({
      'content-type': expect.stringMatching(/^text\/html/),
      'content-security-policy': expect.stringMatching(/^default-src 'none'; style-src 'sha256-/),
      'x-robots-tag': 'noindex, nofollow',
      'referrer-policy': 'no-referrer',
    });
    expect(text).not.toContain('evil');
    await nothingHappened(message);
  });

  it('leads nowhere but to the host its author wrote, whatever the variables hold', async () => {
    const targets = ['https://{{ x }}/', '{{ x }}', 'https://a.example{{ x }}', 'javascript:alert({{ x }})'];
    const { click } = await tracked(await shop(), targets, { variables: { x: '.evil.example' } });
    for (const number of targets.keys()) await get(click(number)).expect(404);
    const { click: other } = await tracked(await shop(), LINKS, { variables: { plan: '//evil.example/\r\nX: y' } });
    const { location } = (await get(other(2)).expect(302)).headers;
    expect(location).toMatch(/^https:\/\/a\.example\/[\x21-\x7e]+$/);
  });

  it('reads no delivery of another business, whoever signed', async () => {
    const message = await tracked(await shop(), LINKS);
    const other = new Types.ObjectId((await register()).businessId);
    await get(`/t/c/${signClick({ businessId: other, deliveryId: message.id, number: 0 })}`).expect(404);
    await nothingHappened(message);
  });

  it.each(['suspended', 'cancelled'])('ends in 410 when the business is %s', async (status) => {
    const message = await tracked(await register(), LINKS);
    await BusinessModel.updateOne({ _id: message.business }, { $set: { status } });
    const { headers, text } = await get(message.click(0)).expect(410);
    expect(headers.location).toBeUndefined();
    expect(text).toContain('no longer there');
    await nothingHappened(message);
  });

  it('says so when nothing is left of the message', async () => {
    const message = await tracked(await shop(), LINKS);
    await EmailCampaignModel.deleteOne({ _id: message.campaign });
    await get(message.click(0)).expect(404);
    await nothingHappened(message);
    await DeliveryModel.deleteOne({ _id: message.id });
    await get(message.click(0)).expect(404);
    await get(message.open).expect(200);
    await flushOpens();
  });
});
