import { beforeEach, describe, expect, it } from 'vitest';
import { BusinessModel } from '../../src/models/business.js';
import { EmailCampaignModel } from '../../src/models/email-campaign.js';
import { EmailTemplateModel } from '../../src/models/email-template.js';
import { type Registered, register, unique } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { NameServer } from '../support/name-server.js';
import { as, draft, people, sender } from '../support/sending.js';

const dns = new NameServer();
process.env.DNS_SERVERS = await dns.start();

useHub();

/** Changes the settings. @returns the settings as they are then. */
async function set(who: Registered, settings: object) {
  return (await as(who, 'patch', '/api/business', { settings })).business.settings;
}

async function refused(who: Registered, settings: object) {
  const answer = await api().patch('/api/business').auth(who.token, { type: 'bearer' }).send({ settings });
  return { status: answer.status, message: answer.body.message, errors: answer.body.errors };
}

describe('what a business tracks', () => {
  it('is nothing, until it says so, each for itself', async () => {
    const who = await register();
    expect((await as(who, 'get', '/api/business')).business.settings).toMatchObject({
      tracking: { opens: false, clicks: false },
      trackingDomain: null,
      postalAddress: null,
    });
    expect((await set(who, { tracking: { opens: true } })).tracking).toEqual({ opens: true, clicks: false });
    expect((await set(who, { tracking: { clicks: true } })).tracking).toEqual({ opens: true, clicks: true });
    expect((await set(who, { tracking: null })).tracking).toEqual({ opens: false, clicks: false });
  });

  it.each([{ opens: 'yes' }, { links: true }, true])('cannot be %j', async (tracking) => {
    expect(await refused(await register(), { tracking })).toMatchObject({ status: 422 });
  });
});

describe('the postal address', () => {
  it('is kept line by line', async () => {
    const who = await register();
    const { postalAddress } = await set(who, { postalAddress: '  Whisky Ltd \r\n\r\n1 High Street\rEdinburgh\n' });
    expect(postalAddress).toBe('Whisky Ltd\n1 High Street\nEdinburgh');
    expect((await set(who, { postalAddress: null })).postalAddress).toBeNull();
  });

  it.each(['', ' \n ', 'x'.repeat(301), 'a\u0000b', 'a\tb', 7])('cannot be %j', async (postalAddress) => {
    const { status, errors } = await refused(await register(), { postalAddress });
    expect(status).toBe(422);
    expect(errors).toMatchObject([{ path: 'settings.postalAddress' }]);
  });
});

describe('the tracking domain', () => {
  beforeEach(() => {
    dns.names.clear();
    dns.names.set('hub.example.test', { A: ['192.0.2.1', '192.0.2.2'] });
  });

  it.each([
    ['its CNAME names the hub', { CNAME: 'hub.example.test' }],
    ['its CNAME names the hub in capitals', { CNAME: 'HUB.example.test' }],
    ['it has the hub’s addresses', { A: ['192.0.2.2'] }],
  ])('is kept when %s', async (_why, records) => {
    const who = await register();
    const domain = `${unique('links')}.example.com`;
    dns.names.set(domain, records);
    expect((await set(who, { trackingDomain: domain.toUpperCase() })).trackingDomain).toBe(domain);
    expect((await set(who, { trackingDomain: null })).trackingDomain).toBeNull();
  });

  it.each([
    ['is not there', undefined],
    ['leads elsewhere', { CNAME: 'elsewhere.example.test' }],
    ['has another address', { A: ['203.0.113.1'] }],
    ['has one address too many', { A: ['192.0.2.1', '203.0.113.1'] }],
    ['has no records of these kinds', {}],
  ])('is refused when it %s', async (_why, records) => {
    const who = await register();
    const domain = `${unique('links')}.example.com`;
    if (records) dns.names.set(domain, records);
    const { status, errors } = await refused(who, { trackingDomain: domain, defaultFromName: 'New' });
    expect(status).toBe(422);
    expect(errors).toEqual([
      {
        path: 'settings.trackingDomain',
        message: `does not lead to the hub: ${domain} needs a CNAME record with hub.example.test`,
      },
    ]);
    expect((await as(who, 'get', '/api/business')).business.settings.defaultFromName).toBeNull();
  });

  it('belongs to one business', async () => {
    const [first, second] = await Promise.all([register(), register()]);
    const domain = `${unique('links')}.example.com`;
    dns.names.set(domain, { CNAME: 'hub.example.test' });
    await set(first, { trackingDomain: domain });
    expect((await set(first, { trackingDomain: domain })).trackingDomain).toBe(domain);
    expect(await refused(second, { trackingDomain: domain })).toMatchObject({
      status: 422,
      errors: [{ path: 'settings.trackingDomain', message: 'belongs to another business of this hub' }],
    });
  });

  it('is not below a domain that another business has proven', async () => {
    const [owner, other] = await Promise.all([register(), register()]);
    const domain = `${unique('shop')}.example`;
    await BusinessModel.updateOne(
      { _id: owner.businessId },
      { $set: { sendingDomains: [{ domain, verified: true }] } },
    );
    dns.names.set(`go.links.${domain}`, { CNAME: 'hub.example.test' });
    expect((await refused(other, { trackingDomain: `go.links.${domain}` })).status).toBe(422);
    expect((await set(owner, { trackingDomain: `go.links.${domain}` })).trackingDomain).toBe(`go.links.${domain}`);
  });

  it('can be tried again when DNS does not answer', { timeout: 30_000 }, async () => {
    dns.names.set('slow.example.com', { silent: true });
    expect(await refused(await register(), { trackingDomain: 'slow.example.com' })).toMatchObject({ status: 503 });
  });

  it('is a name', async () => {
    for (const trackingDomain of ['https://a.example', 'a', '127.0.0.1', 'a b.example', 'a.example/x']) {
      expect((await refused(await register(), { trackingDomain })).status).toBe(422);
    }
  });
});

describe('what a campaign tracks', () => {
  const html =
    '<p>Dear {{ name }}</p><a href="https://a.example/{{ plan }}">a</a><a href="https://b.example/">b</a></body>';

  async function frozenOf(id: string) {
    return (await EmailCampaignModel.findById(id).orFail().lean()).frozen;
  }

  async function sent(fields: object, settings: object = {}) {
    const who = await sender();
    await set(who, settings);
    const id = await draft(who, people(1), { content: { html }, ...fields });
    await as(who, 'post', `/api/campaigns/${id}/send`, undefined, 202);
    const { campaign } = await as(who, 'get', `/api/campaigns/${id}`);
    return { who, id, campaign, frozen: await frozenOf(id) };
  }

  it('is shown, changed and taken away', async () => {
    const who = await register();
    const id = await draft(who, [], { tracking: { opens: true } });
    const shown = async () => (await as(who, 'get', `/api/campaigns/${id}`)).campaign.tracking;
    expect(await shown()).toEqual({ opens: true, clicks: null });
    await as(who, 'patch', `/api/campaigns/${id}`, { tracking: { clicks: false } });
    expect(await shown()).toEqual({ opens: null, clicks: false });
    await as(who, 'patch', `/api/campaigns/${id}`, { tracking: null });
    expect(await shown()).toEqual({ opens: null, clicks: null });
    await as(who, 'patch', `/api/campaigns/${id}`, { tracking: { opens: 1 } }, 422);
  });

  it('is nothing by default; the unsubscribe link is there all the same', async () => {
    const { campaign, frozen } = await sent({});
    expect(campaign.tracking).toEqual({ opens: false, clicks: false });
    expect(frozen).toMatchObject({ tracking: { opens: false, clicks: false } });
    expect(frozen?.links).toBeUndefined();
    expect(frozen?.html).toMatch(
      /<a href="https:\/\/a\.example\/\{\{ plan \}\}">.*<a href="\{\{ unsubscribe_url \}\}">.*<\/body>$/,
    );
    expect(frozen?.text).toMatch(/Unsubscribe: \{\{ unsubscribe_url \}\}\s*$/);
  });

  it('is the business’s, where the campaign does not say', async () => {
    const { campaign, frozen } = await sent(
      { tracking: { opens: false } },
      { tracking: { opens: true, clicks: true } },
    );
    expect(campaign.tracking).toEqual({ opens: false, clicks: true });
    expect(frozen?.links).toEqual(['https://a.example/{{ plan }}', 'https://b.example/']);
    expect(frozen?.html).toContain('<a href="{{ pmh_links[0] }}">a</a><a href="{{ pmh_links[1] }}">b</a>');
    expect(frozen?.html).not.toContain('<img');
    expect(frozen?.text).toContain('https://a.example/{{ plan }}');
  });

  it('does not change once it is launched', async () => {
    const { who, id, frozen } = await sent({}, { tracking: { opens: true } });
    await set(who, { tracking: { clicks: true }, postalAddress: 'Elsewhere' });
    expect(await frozenOf(id)).toEqual(frozen);
    expect(frozen?.html).toMatch(/<img src="\{\{ pmh_open \}\}"[^>]*><\/body>$/);
  });

  it('is no variable that anybody would miss', async () => {
    const who = await sender();
    const id = await draft(who, people(1), { content: { html }, tracking: { opens: true, clicks: true } });
    const { preflight } = await as(who, 'post', `/api/campaigns/${id}/preflight`);
    expect(preflight.missingVariables.map(({ name }: { name: string }) => name)).toEqual(['plan']);
  });

  it('is copied with it, also when its template is gone', async () => {
    const who = await sender();
    const { template } = await as(who, 'post', '/api/templates', { name: 'T', subject: 'S', content: { html } }, 201);
    const tracking = { opens: true, clicks: true };
    const id = await draft(who, people(1), { content: undefined, template: template.id, tracking });
    await as(who, 'post', `/api/campaigns/${id}/send`, undefined, 202);
    await EmailTemplateModel.deleteOne({ _id: template.id });
    const { campaign } = await as(who, 'post', `/api/campaigns/${id}/duplicate`, {}, 201);
    expect(campaign.tracking).toEqual(tracking);
    expect(campaign.content.html).not.toContain('pmh_');
    expect(campaign.content.html).toContain('<a href="https://a.example/{{ plan }}">a</a>');
    expect(campaign.content.html.match(/unsubscribe_url/g)).toHaveLength(1);
  });
});
