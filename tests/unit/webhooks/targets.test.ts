import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { startReceiver } from '../../../scripts/support/receiver.js';
import { createCaller } from '../../../src/webhooks/call.js';
import { addressesOf, publicLookUp } from '../../../src/webhooks/look-up.js';
import { targetOf, targetProblem } from '../../../src/webhooks/targets.js';
import { NameServer } from '../../support/name-server.js';

/** What no webhook may reach: every connection is counted. */
let connections = 0;
const inside = createServer((socket) => {
  connections += 1;
  socket.destroy();
}).listen(0, '127.0.0.1');
await once(inside, 'listening');
const { port } = inside.address() as AddressInfo;

const dns = new NameServer();
const receiver = await startReceiver();
process.env.DNS_SERVERS = await dns.start();
process.env.WEBHOOK_ALLOWED_TARGETS = `${receiver.target}, sibling.test:5001`;

const caller = createCaller({ limitMs: 5_000 });
afterEach(() => {
  expect(connections).toBe(0);
});
afterAll(() => {
  caller.close();
  inside.close();
});

/** Posts to a URL as though it had been let through when it was set. */
const post = (url: string, one = caller) => one.post({ url: new URL(url), isTrusted: false }, {}, '{}');
const REFUSED = { failure: { error: 'refused_address' } };

describe('an address that is not of the public internet', () => {
  it.each([
    ['loopback', '127.0.0.1'],
    ['loopback in IPv6', '[::1]'],
    ['IPv4 in IPv6', '[::ffff:127.0.0.1]'],
    ['IPv4 in IPv6, in hex', '[::ffff:7f00:1]'],
    ['IPv4-compatible IPv6', '[::127.0.0.1]'],
    ['translated IPv4', '[::ffff:0:127.0.0.1]'],
    ['hex', '0x7f.1'],
    ['hex in one', '0x7f000001'],
    ['decimal', '2130706433'],
    ['octal', '0177.0.0.01'],
    ['short', '127.1'],
    ['full-width digits', '１２７.0.0.1'],
    ['with a dot at its end', '127.0.0.1.'],
    ['nowhere', '0.0.0.0'],
    ['nowhere, short', '0'],
    ['nowhere in IPv6', '[::]'],
    ['private', '10.0.0.1'],
    ['private, the middle block', '172.16.31.1'],
    ['private, at home', '192.168.1.1'],
    ['shared by carriers', '100.64.0.1'],
    ['metadata', '169.254.169.254'],
    ['metadata in IPv6', '[fd00:ec2::254]'],
    ['Azure’s own', '168.63.129.16'],
    ['unique local', '[fd00::1]'],
    ['link local', '[fe80::1]'],
    ['site local', '[fec0::1]'],
    ['behind NAT64', '[64:ff9b::7f00:1]'],
    ['behind a local NAT64', '[64:ff9b:1::7f00:1]'],
    ['6to4', '[2002:7f00:1::1]'],
    ['Teredo', '[2001:0:7f00:1::1]'],
    ['multicast', '224.0.0.1'],
    ['multicast in IPv6', '[ff02::1]'],
    ['broadcast', '255.255.255.255'],
    ['reserved', '240.0.0.1'],
    ['for documents', '203.0.113.1'],
    ['for benchmarks', '198.18.0.1'],
    ['not given out', '[4000::1]'],
  ])('is refused when it is set and when it is called: %s', async (_what, host) => {
    const url = `https://${host}:${port}/x`;
    expect(targetOf(url)).toEqual({ problem: 'must lead to an address of the public internet' });
    expect(await targetProblem(url)).toBeDefined();
    expect(await post(url)).toMatchObject(REFUSED);
  });

  it.each(['localhost', 'LOCALHOST', 'a.localhost', 'localhost.'])('is refused by name: %s', async (host) => {
    expect(targetOf(`https://${host}:${port}/`)).toHaveProperty('problem');
    dns.names.set(host.toLowerCase(), { A: ['127.0.0.1'] });
    expect(await post(`https://${host}:${port}/`)).not.toHaveProperty('httpStatus');
  });

  it.each([
    ['private.test', { A: ['10.1.2.3'] }],
    ['loopback.test', { A: ['127.0.0.1'] }],
    ['six.test', { AAAA: ['fd00:0:0:0:0:0:0:1'] }],
    ['mapped.test', { AAAA: ['0:0:0:0:0:ffff:7f00:1'] }],
    ['one-of-two.test', { A: ['8.8.8.8', '127.0.0.1'] }],
    ['one-of-each.test', { A: ['8.8.8.8'], AAAA: ['0:0:0:0:0:0:0:1'] }],
  ])('is refused behind the name %s', async (name, records) => {
    dns.names.set(name, records);
    expect(await targetProblem(`https://${name}:${port}/`)).toBe('must lead to an address of the public internet');
    expect(await post(`https://${name}:${port}/`)).toMatchObject(REFUSED);
  });

  it('is refused when a name has come to lead there since it was set', async () => {
    dns.names.set('rebound.test', { A: ['8.8.8.8'] });
    expect(await targetProblem(`https://rebound.test:${port}/`)).toBeUndefined();
    dns.names.set('rebound.test', { A: ['127.0.0.1'] });
    expect(await post(`https://rebound.test:${port}/`)).toMatchObject(REFUSED);
  });

  it('is refused in the very look-up of the connection: there is no second one that could differ', async () => {
    const answers = [['127.0.0.1'], ['8.8.8.8']];
    let asked = 0;
    const lookUp = publicLookUp(async () => {
      asked += 1;
      return (answers.shift() ?? []).map((address) => ({ address, family: 4 }));
    });
    const one = createCaller({ limitMs: 5_000, lookUp });
    expect(await post(`https://twice.test:${port}/`, one)).toMatchObject(REFUSED);
    expect(asked).toBe(1);
    one.close();
  });

  it('is refused also where the look-up would let it through', async () => {
    const blind = createCaller({
      limitMs: 5_000,
      lookUp: (_host, options, callback) =>
        options.all ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4),
    });
    expect(await post(`https://blind.test:${port}/`, blind)).toMatchObject(REFUSED);
    blind.close();
  });

  it('is told to nobody by what it answers or how it refuses', async () => {
    dns.names.set('told.test', { A: ['10.1.2.3'] });
    expect((await post('https://told.test/')).failure?.message).not.toMatch(/\d+\.\d+/);
  });
});

describe('a target', () => {
  it.each([
    ['http', 'http://whisky.example/x', 'must begin with https://'],
    ['with credentials', 'https://me:secret@whisky.example/', 'must not have a user name or a password in it'],
  ])('is refused: %s', (_what, url, problem) => {
    expect(targetOf(url)).toEqual({ problem });
  });

  it.each(['https://whisky.example/hooks', 'https://8.8.8.8/', 'https://[2606:4700::1111]/'])(
    'may be %s',
    async (url) => {
      expect(targetOf(url)).toMatchObject({ isTrusted: false });
      expect(await targetProblem(url)).toBeUndefined();
    },
  );

  it('of WEBHOOK_ALLOWED_TARGETS is let through, by http as well', async () => {
    const target = targetOf(receiver.url('/in'));
    expect(target).toMatchObject({ isTrusted: true });
    if ('problem' in target) throw new Error(target.problem);
    expect(await caller.post(target, {}, '{"a":1}')).toMatchObject({ httpStatus: 200 });
    expect(receiver.of('/in').map(({ body }) => body)).toEqual(['{"a":1}']);
    expect(targetOf('https://sibling.test:5001/')).toMatchObject({ isTrusted: true });
  });

  it('that only resembles one of them is not', () => {
    const [host, allowed] = receiver.target.split(':');
    for (const url of [
      `http://${host}:${port}/`,
      `http://${host}/`,
      `http://localhost:${allowed}/`,
      `http://[::ffff:127.0.0.1]:${allowed}/`,
      `http://${host}.test:${allowed}/`,
      `https://sibling.test/`,
      `http://sibling.test:5001@127.0.0.1:${port}/`,
    ]) {
      const target = targetOf(url);
      expect('problem' in target || !target.isTrusted, url).toBe(true);
    }
  });
});

describe('a name', () => {
  it('that has no address, or whose server is silent, is a failure of its own', async () => {
    expect(await post('https://nowhere.test/')).toMatchObject({ failure: { error: 'dns' } });
    await expect(addressesOf('nowhere.test')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    expect(await targetProblem('https://nowhere.test/')).toBeUndefined();
  });
});
