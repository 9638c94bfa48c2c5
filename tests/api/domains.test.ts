import { beforeEach, describe, expect, it } from 'vitest';
import { BusinessModel } from '../../src/models/business.js';
import { DomainClaimModel } from '../../src/models/domain-claim.js';
import { checkNow, domainEvents, publish, type ShownDomain } from '../support/domains.js';
import { apiKey, connectSes, once, type Registered, register, superAdmin, unique } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { NameServer } from '../support/name-server.js';
import { type Sender, ses } from '../support/sending.js';

const dns = new NameServer();
process.env.DNS_SERVERS = await dns.start();

useHub();

const PATH = '/api/business/domains';
const call = (who: Registered, method: 'get' | 'post' | 'delete', path = '') =>
  api()[method](`${PATH}${path}`).auth(who.token, { type: 'bearer' });
const add = async (who: Registered, domain: string): Promise<ShownDomain> =>
  (await call(who, 'post').send({ domain }).expect(201)).body.domain;
const get = async (who: Registered, id: string): Promise<ShownDomain> =>
  (await call(who, 'get', `/${id}`).expect(200)).body.domain;
const verify = async (who: Registered, id: string): Promise<ShownDomain> =>
  (await call(who, 'post', `/${id}/verify`).expect(200)).body.domain;

/** A business with an SES account in which nothing is verified by itself. */
async function sender(settings: object = { autoVerify: false }): Promise<Sender> {
  const who = await register();
  const accessKeyId = `AKIA${unique().toUpperCase()}`;
  await ses().changeAccount(accessKeyId, settings);
  await connectSes(who, accessKeyId);
  await BusinessModel.updateOne({ _id: who.businessId }, { $set: { sendingDomains: [] } });
  return { ...who, accessKeyId };
}

const newDomain = () => `${unique('shop')}.test`;
const succeed = (who: Sender, identity: string) =>
  ses().changeIdentity({ accessKeyId: who.accessKeyId, identity, status: 'Success', dkimStatus: 'Success' });
const stateOf = (domain: ShownDomain) =>
  Object.fromEntries(domain.records.map(({ purpose, state }) => [purpose, state]));

beforeEach(() => {
  dns.isBroken = false;
});

describe('POST /api/business/domains', () => {
  it('has SES make identity, DKIM and MAIL FROM, and answers what is to be published', async () => {
    const who = await sender();
    const name = newDomain();
    const { body } = await call(who, 'post')
      .send({ domain: name.toUpperCase(), mailFromSubdomain: 'back' })
      .expect(201);
    expect(body.domain).toMatchObject({
      domain: name,
      status: 'pending',
      verified: false,
      proof: null,
      mailFromDomain: `back.${name}`,
    });
    expect(body.domain.records.map(({ purpose }: { purpose: string }) => purpose)).toEqual([
      ...['proof', 'identity', 'dkim', 'dkim', 'dkim', 'mail_from', 'spf', 'dmarc'],
    ]);
    const { identities } = await ses().account(who.accessKeyId);
    expect(identities).toMatchObject([
      { name, status: 'Pending', mailFromDomain: `back.${name}`, mailFromOnFailure: 'UseDefaultValue' },
    ]);
    const identity = body.domain.records.find(({ purpose }: { purpose: string }) => purpose === 'identity');
    expect(identity).toMatchObject({ name: `_amazonses.${name}`, value: identities[0]?.verificationToken });
    expect((await call(who, 'get').expect(200)).body.domains).toHaveLength(1);
  });

  it('refuses one that is there, and a name that is none', async () => {
    const who = await sender();
    const name = newDomain();
    await add(who, name);
    expect((await call(who, 'post').send({ domain: name }).expect(409)).body.code).toBe('conflict');
    for (const body of [
      { domain: 'localhost' },
      { domain: 'a b.test' },
      { domain: name, mailFromSubdomain: 'a.b' },
      {},
    ]) {
      await call(who, 'post').send(body).expect(422);
    }
  });

  it('keeps one of two additions at once', async () => {
    const who = await sender();
    const name = newDomain();
    const answers = await Promise.all([1, 2].map(() => call(who, 'post').send({ domain: name })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
  });

  it('needs a connected account', async () => {
    const { body } = await call(await register(), 'post')
      .send({ domain: newDomain() })
      .expect(422);
    expect(body.code).toBe('ses_not_configured');
  });

  it('says which statement the keys’ policy lacks, and keeps nothing', async () => {
    const who = await sender({ deniedActions: ['ses:VerifyDomainDkim'] });
    const name = newDomain();
    const { body } = await call(who, 'post').send({ domain: name }).expect(422);
    expect(body.missingPermission).toMatchObject({ Effect: 'Allow', Action: 'ses:VerifyDomainDkim' });
    expect((await call(who, 'get').expect(200)).body.domains).toEqual([]);
    await ses().changeAccount(who.accessKeyId, { deniedActions: [] });
    await add(who, name);
  });

  it('answers 503 when SES does not, and can be repeated', async () => {
    const who = await sender();
    const name = newDomain();
    await ses().fail({
      ...{ kind: 'error', action: 'VerifyDomainDkim', code: 'InternalFailure', status: 500, next: 1 },
      accessKeyId: who.accessKeyId,
    });
    await call(who, 'post').send({ domain: name }).expect(503);
    await add(who, name);
  });

  it('tries a throttled call again', async () => {
    const who = await sender();
    await ses().fail({
      ...{ kind: 'error', action: 'VerifyDomainIdentity', code: 'Throttling', status: 400, next: 2 },
      accessKeyId: who.accessKeyId,
    });
    await add(who, newDomain());
  });
});

describe('a domain’s way', () => {
  it('is verified once it is proven in DNS and SES says so, and that is told once', async () => {
    const who = await sender();
    const added = await add(who, newDomain());
    await succeed(who, added.domain);
    const unproven = await verify(who, added.id);
    expect(unproven).toMatchObject({ verified: false, status: 'pending', problem: expect.stringMatching(/proof/) });
    expect(stateOf(unproven)).toMatchObject({ proof: 'missing', dkim: 'missing', dmarc: 'missing' });

    publish(dns, added);
    const verified = await verify(who, added.id);
    expect(verified).toMatchObject({ verified: true, status: 'verified', problem: null, proof: { by: 'dns' } });
    expect(new Set(verified.records.map(({ state }) => state))).toEqual(new Set(['published']));
    await verify(who, added.id);
    expect(await domainEvents(who)).toEqual([
      { type: 'domain.verified', data: { id: added.id, domain: added.domain } },
    ]);
  });

  it('is gone by the worker alone', async () => {
    const who = await sender();
    const added = await add(who, newDomain());
    publish(dns, added);
    await succeed(who, added.domain);
    await checkNow(who);
    expect(await get(who, added.id)).toMatchObject({ verified: true });
    expect(await domainEvents(who)).toMatchObject([{ type: 'domain.verified' }]);
  });

  it('warns at first when SES takes its word back, then fails, and comes back', async () => {
    const who = await sender();
    const added = await add(who, newDomain());
    publish(dns, added);
    await succeed(who, added.domain);
    await checkNow(who);
    await ses().changeIdentity({
      ...{ accessKeyId: who.accessKeyId, identity: added.domain },
      status: 'TemporaryFailure',
    });
    await checkNow(who);
    expect(await get(who, added.id)).toMatchObject({ verified: true, problem: expect.any(String) });
    await checkNow(who);
    await checkNow(who);
    expect(await get(who, added.id)).toMatchObject({ verified: false, status: 'failed' });
    await succeed(who, added.domain);
    expect(await verify(who, added.id)).toMatchObject({ verified: true, status: 'verified', problem: null });
    expect((await domainEvents(who)).map(({ type }) => type)).toEqual([
      'domain.verified',
      'domain.failed',
      'domain.verified',
    ]);
  });

  it('stays what it is when SES or DNS does not answer', async () => {
    const who = await sender();
    const added = await add(who, newDomain());
    publish(dns, added);
    await succeed(who, added.domain);
    await checkNow(who);
    dns.isBroken = true;
    await ses().fail({
      ...{ kind: 'error', action: 'GetIdentityVerificationAttributes', code: 'InternalFailure', status: 500 },
      accessKeyId: who.accessKeyId,
    });
    for (let n = 0; n < 4; n += 1) await checkNow(who);
    const now = await get(who, added.id);
    expect(now).toMatchObject({ verified: true, problem: expect.stringMatching(/could not be asked/) });
    expect(stateOf(now)).toMatchObject({ proof: 'unknown', mail_from: 'unknown' });
  });

  it('begins anew at SES when it is verified again after SES gave up', async () => {
    const who = await sender();
    const added = await add(who, newDomain());
    publish(dns, added);
    await ses().changeIdentity({ accessKeyId: who.accessKeyId, identity: added.domain, status: 'Failed' });
    await checkNow(who);
    expect(await get(who, added.id)).toMatchObject({ status: 'failed' });
    expect((await domainEvents(who)).map(({ type }) => type)).toEqual(['domain.failed']);
    // Other tests call the same SES: it is asked to begin anew where its refusal of that comes back.
    await ses().fail({
      ...{ kind: 'error', action: 'VerifyDomainIdentity', code: 'InternalFailure', status: 500, next: 1 },
      accessKeyId: who.accessKeyId,
    });
    await call(who, 'post', `/${added.id}/verify`).expect(503);
    await verify(who, added.id);
  });

  it('is looked at again when another account is connected', async () => {
    const who = await sender();
    const added = await add(who, newDomain());
    await checkNow(who);
    const other = `AKIA${unique().toUpperCase()}`;
    await ses().changeAccount(other, { autoVerify: false });
    await api()
      .put('/api/business/ses')
      .auth(who.token, { type: 'bearer' })
      .send({ accessKeyId: other, secretAccessKey: 's', region: 'eu-west-1' })
      .expect(200);
    const { nextCheckAt } = (await call(who, 'get', `/${added.id}`)).body.domain;
    expect(Date.parse(nextCheckAt)).toBeLessThanOrEqual(Date.now());
    await verify(who, added.id);
    expect((await ses().account(other)).identities).toMatchObject([{ name: added.domain }]);
  });
});

describe('whose a domain is', () => {
  it('is decided by the proof, and not by who added it first', async () => {
    const [squatter, owner] = [await sender(), await sender()];
    const name = newDomain();
    const theirs = await add(squatter, name);
    const [own, below] = [await add(owner, name), await add(owner, `mail.${name}`)];
    for (const who of [squatter, owner]) await succeed(who, name);
    publish(dns, own);
    expect(await verify(squatter, theirs.id)).toMatchObject({ verified: false });
    expect(await verify(owner, own.id)).toMatchObject({ verified: true });

    publish(dns, theirs);
    expect(await verify(squatter, theirs.id)).toMatchObject({
      verified: false,
      problem: expect.stringMatching(/another business/),
    });
    await call(squatter, 'post')
      .send({ domain: `a.${name}` })
      .expect(409);
    // What lies below a proven one needs no record of its own.
    await succeed(owner, below.domain);
    expect(await verify(owner, below.id)).toMatchObject({ verified: true, proof: { by: 'parent' } });
  });

  it('can be vouched for by an administrator of the hub, and by nobody else', async () => {
    const [who, other] = [await sender(), await sender()];
    const added = await add(who, newDomain());
    await succeed(who, added.domain);
    await call(who, 'post', `/${added.id}/prove`).expect(403);
    const root = await superAdmin();
    const vouch = (businessId: string, id: string) =>
      api().post(`${PATH}/${id}/prove`).auth(root, { type: 'bearer' }).set('X-Business-Id', businessId);
    await vouch(other.businessId, added.id).expect(404);
    const { body } = await vouch(who.businessId, added.id).expect(200);
    expect(body.domain.proof).toMatchObject({ by: 'admin' });
    expect(await verify(who, added.id)).toMatchObject({ verified: true });
    await BusinessModel.updateOne({ _id: other.businessId }, { $push: { sendingDomains: { domain: added.domain } } });
    const [theirs] = (await call(other, 'get').expect(200)).body.domains;
    expect((await vouch(other.businessId, theirs.id).expect(409)).body.code).toBe('conflict');
  });

  it('is free again when it is given up; SES keeps the identity unless told otherwise', async () => {
    const [who, next] = [await sender(), await sender()];
    const added = await add(who, newDomain());
    publish(dns, added);
    await verify(who, added.id);
    await call(who, 'delete', `/${added.id}`).expect(200);
    await call(who, 'get', `/${added.id}`).expect(404);
    expect(await DomainClaimModel.exists({ _id: added.domain })).toBeNull();
    expect((await ses().account(who.accessKeyId)).identities).toHaveLength(1);
    const theirs = await add(next, added.domain);
    publish(dns, theirs);
    expect(await verify(next, theirs.id)).toMatchObject({ proof: { by: 'dns' } });
    await call(next, 'delete', `/${theirs.id}?deleteIdentity=true`).expect(200);
    expect((await ses().account(next.accessKeyId)).identities).toEqual([]);
  });

  it('stays as it was when SES will not delete the identity', async () => {
    const who = await sender({ deniedActions: ['ses:DeleteIdentity'] });
    const added = await add(who, newDomain());
    const { body } = await call(who, 'delete', `/${added.id}?deleteIdentity=true`).expect(422);
    expect(body.missingPermission).toMatchObject({ Action: 'ses:DeleteIdentity' });
    await get(who, added.id);
  });
});

describe('who may', () => {
  const stranger = once(register);

  it('needs manage_settings, and sees only its own', async () => {
    const who = await sender();
    const { id } = await add(who, newDomain());
    await api().get(PATH).expect(401);
    const key = await apiKey(who, ['manage_campaigns']);
    await api().get(PATH).set('X-API-Key', key).expect(403);
    const other = await stranger();
    await call(other, 'get', `/${id}`).expect(404);
    await call(other, 'delete', `/${id}`).expect(404);
    await call(other, 'post', `/${id}/verify`).expect(404);
    await call(other, 'post', `/${id}/prove`).expect(403);
    await get(who, id);
  });
});
