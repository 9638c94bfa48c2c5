import { randomBytes } from 'node:crypto';
import { promises } from 'node:dns';
import express from 'express';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config.js';

const production = {
  NODE_ENV: 'production',
  JWT_SECRET: 'j'.repeat(48),
  LINK_SECRET: 'l'.repeat(48),
  ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  PUBLIC_URL: 'https://hub.example.com/',
};

function problems(env: Record<string, string>): string {
  try {
    parseConfig(env);
    return '';
  } catch (error) {
    return String(error);
  }
}

describe('the configuration', () => {
  it('works without any variable in development', () => {
    expect(parseConfig({})).toMatchObject({
      port: 5002,
      mongodbUri: 'mongodb://localhost:27017/power-mta-hub',
      jwtLifetimeSeconds: 7 * 86_400,
      registration: 'open',
      publicUrl: 'http://localhost:5002',
    });
  });

  it('cannot be changed', () => {
    expect(Object.isFrozen(parseConfig({}))).toBe(true);
  });

  it('takes an empty or blank value as none', () => {
    const env = { PORT: ' ', TRUST_PROXY: ' ', SES_ENDPOINT: '' };
    expect(parseConfig(env)).toMatchObject({ port: 5002, trustProxy: 0, sesEndpoint: undefined });
  });

  it('lists every problem at once, by variable', () => {
    const text = problems({ PORT: 'x', REDIS_URL: 'http://x', JWT_EXPIRES_IN: '7 days', ENCRYPTION_KEY: 'short' });
    for (const name of ['PORT', 'REDIS_URL', 'JWT_EXPIRES_IN', 'ENCRYPTION_KEY']) expect(text).toContain(`  ${name}: `);
  });

  it('reads durations, lists and keys in either form', () => {
    const hex = 'ab'.repeat(32);
    const read = parseConfig({
      JWT_EXPIRES_IN: '12h',
      LINK_SECRET_PREVIOUS: 'one, two,',
      FRONTEND_URL: 'https://a.test/, https://b.test',
      ENCRYPTION_KEY: hex,
      ENCRYPTION_KEY_PREVIOUS: `${Buffer.from('cd'.repeat(32), 'hex').toString('base64')},`,
      DNS_SERVERS: '127.0.0.1:5353, [::1]:53, 2001:db8::1',
      TRUST_PROXY: 'loopback, 10.0.0.0/8',
    });
    expect(read.jwtLifetimeSeconds).toBe(43_200);
    expect(read.linkSecrets.slice(1)).toEqual(['one', 'two']);
    expect(read.frontendUrls).toEqual(['https://a.test', 'https://b.test']);
    expect(read.encryptionKeys.map((key) => key.toString('hex'))).toEqual([hex, 'cd'.repeat(32)]);
    expect(read.trustProxy).toEqual(['loopback', '10.0.0.0/8']);
    expect(read.dnsServers).toEqual(['127.0.0.1:5353', '[::1]:53', '2001:db8::1']);
  });

  it('never trusts every proxy, which would let anybody choose an address', () => {
    expect(problems({ TRUST_PROXY: 'true' })).toContain('TRUST_PROXY');
    expect(problems({ TRUST_PROXY: '0.0.0.0/0' })).toContain('TRUST_PROXY');
  });

  it.each(['loopback, linklocal,uniquelocal', '10.0.0.1', '172.16.0.0/12', '::1, fd00::/8', '2001:db8::7/128'])(
    'takes %s for proxies, as Express does',
    (list) => {
      const { trustProxy } = parseConfig({ TRUST_PROXY: list });
      expect(trustProxy).toEqual(list.split(',').map((part) => part.trim()));
      expect(() => express().set('trust proxy', trustProxy)).not.toThrow();
    },
  );

  it.each(['foo', 'loopback, foo', 'localhost', '10.0.0.0/33', '::1/129', '10.0.0', '10.0.0.0/', '-1', ','])(
    'refuses %s for a proxy',
    (list) => expect(problems({ TRUST_PROXY: list })).toContain('TRUST_PROXY: must be a number of hops'),
  );

  it('reads the limits of the plans, and keeps those that are not named', () => {
    expect(parseConfig({}).rateLimits).toEqual({ free: 600, basic: 3_000, pro: 12_000, enterprise: 60_000 });
    expect(parseConfig({ RATE_LIMITS: 'free=10, pro = 20' }).rateLimits).toEqual({
      ...{ free: 10, basic: 3_000, pro: 20, enterprise: 60_000 },
    });
    expect(parseConfig({ RATE_LIMITS: 'off' }).rateLimits).toBeUndefined();
  });

  it.each(['on', 'free', 'free=', 'free=0', 'free=-1', 'gold=5', 'free=1e3', 'free=off'])(
    'refuses %s for the limits of the plans',
    (limits) => expect(problems({ RATE_LIMITS: limits })).toContain('RATE_LIMITS: must be off, or free, basic'),
  );

  it.each(['1.1.1.1', '127.0.0.1:5353, 9.9.9.9', '2001:db8::1', '[2001:db8::1]:53'])(
    'takes %s for DNS servers, as Node does',
    (list) => {
      const { dnsServers } = parseConfig({ DNS_SERVERS: list });
      expect(() => new promises.Resolver().setServers(dnsServers)).not.toThrow();
      expect(dnsServers).toHaveLength(list.split(',').length);
    },
  );

  it.each([
    'dns.example',
    '1.1.1',
    '1.1.1.1:0',
    '1.1.1.1:65536',
    '1.1.1.1:',
    '2001:db8::1, x',
    '[1.1.1.1',
    '[1.1.1.1]',
  ])('refuses %s for a DNS server', (list) =>
    expect(problems({ DNS_SERVERS: list })).toContain('DNS_SERVERS: must be IP addresses'),
  );

  it.each([
    'mongodb://db',
    'mongodb://me:p%40ss@db1:27017,db2/hub?replicaSet=a',
    'mongodb+srv://cluster.example.net',
    'mongodb://[::1]:27017/hub',
    'mongodb://%2Ftmp%2Fmongodb.sock/hub',
  ])('takes %s', (uri) => expect(parseConfig({ MONGODB_URI: uri }).mongodbUri).toBe(uri));

  it.each(['mongodb://', 'mongodb:///hub', 'mongodb://me:secret@/hub', 'mongodb://:27017', 'localhost/hub'])(
    'refuses %s, which names no host',
    (uri) => {
      expect(problems({ MONGODB_URI: uri })).toContain('MONGODB_URI');
      expect(problems({ MONGODB_URI: uri })).not.toContain('secret');
    },
  );

  it.each([
    ['127.0.0.1:5001, whisky:80', ['127.0.0.1:5001', 'whisky:80']],
    ['[::1]:5001', ['[::1]:5001']],
    ['Sibling.Example:443', ['sibling.example:443']],
    ['0x7f.1:5001', ['127.0.0.1:5001']],
  ])('takes %s for targets of webhooks, as a URL spells them', (list, targets) => {
    expect(parseConfig({ WEBHOOK_ALLOWED_TARGETS: list }).webhookAllowedTargets).toEqual(targets);
  });

  it.each(['127.0.0.1', '127.0.0.1:0', '127.0.0.1:65536', 'http://127.0.0.1:5001', '*:5001', '10.0.0.0/8:80', 'a:b'])(
    'refuses %s for a target of webhooks',
    (list) => expect(problems({ WEBHOOK_ALLOWED_TARGETS: list })).toContain('WEBHOOK_ALLOWED_TARGETS: must be hosts'),
  );

  it.each(['0', '-1', '2', 'x'])('refuses %s for the scale of retries', (scale) => {
    expect(problems({ WEBHOOK_RETRY_SCALE: scale })).toContain('WEBHOOK_RETRY_SCALE');
  });

  it('wants an address for the sender, with or without a name', () => {
    const keys = { MASTER_SES_ACCESS_KEY: 'AKIA1', MASTER_SES_SECRET_KEY: 's' };
    for (const from of ['hub@example.com', 'The Hub <hub@example.com>']) {
      expect(parseConfig({ ...keys, SYSTEM_FROM_EMAIL: from }).masterSes?.from).toBe(from);
    }
    expect(problems({ SYSTEM_FROM_EMAIL: 'hub' })).toContain('SYSTEM_FROM_EMAIL: must be an address');
    expect(problems({ SYSTEM_FROM_EMAIL: 'Hub <hub@>' })).toContain('SYSTEM_FROM_EMAIL: must be an address');
  });

  it('wants both halves of the master credentials and a sender with them', () => {
    expect(problems({ MASTER_SES_ACCESS_KEY: 'AKIA1' })).toContain('MASTER_SES_SECRET_KEY');
    expect(problems({ MASTER_SES_ACCESS_KEY: 'AKIA1', MASTER_SES_SECRET_KEY: 's' })).toContain('SYSTEM_FROM_EMAIL');
  });
});

describe('in production', () => {
  it('is right with secrets of its own, and closed to strangers', () => {
    expect(parseConfig(production)).toMatchObject({ isProduction: true, registration: 'closed' });
  });

  it('refuses to start without secrets, and names each', () => {
    const text = problems({ NODE_ENV: 'production' });
    for (const name of ['JWT_SECRET', 'LINK_SECRET', 'ENCRYPTION_KEY', 'PUBLIC_URL']) expect(text).toContain(name);
  });

  it.each([
    ['a short secret', { JWT_SECRET: 'short' }, 'JWT_SECRET'],
    ['one secret for two things', { LINK_SECRET: production.JWT_SECRET }, 'LINK_SECRET'],
    ['mail that goes elsewhere than to AWS', { SES_ENDPOINT: 'http://127.0.0.1:8005' }, 'SES_ENDPOINT'],
    ['senders that nobody has proven', { DOMAIN_PROOF: 'off' }, 'DOMAIN_PROOF'],
    ['receivers that are asked without a pause', { WEBHOOK_RETRY_SCALE: '0.001' }, 'WEBHOOK_RETRY_SCALE'],
    ['a hub that anybody may flood', { RATE_LIMITS: 'off' }, 'RATE_LIMITS'],
    ['events that anybody could sign', { SNS_CERT_URL_PREFIX: 'http://127.0.0.1:8005' }, 'SNS_CERT_URL_PREFIX'],
    ['a dashboard in clear text', { FRONTEND_URL: 'https://a.test,http://b.test' }, 'FRONTEND_URL'],
    [
      'the encryption key of development',
      { ENCRYPTION_KEY: parseConfig({}).encryptionKeys[0].toString('base64') },
      'ENCRYPTION_KEY',
    ],
    ['links in clear text', { PUBLIC_URL: 'http://hub.example.com' }, 'PUBLIC_URL'],
  ])('refuses %s', (_case, change, variable) => {
    expect(problems({ ...production, ...change })).toContain(variable);
  });

  it('never repeats a secret in the message', () => {
    expect(problems({ ...production, JWT_SECRET: 'hunter2' })).not.toContain('hunter2');
  });
});
