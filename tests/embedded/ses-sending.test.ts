import { SendEmailCommand, SendRawEmailCommand } from '@aws-sdk/client-ses';
import { describe, expect, it } from 'vitest';
import { readOutgoing } from '../../src/embedded/ses/outgoing.js';
import { QueryRequest } from '../../src/embedded/ses/query-protocol.js';
import { failureOf, mail, sdk, useSes } from './ses-client.js';

const PLENTY = { account: { maxSendRate: 10_000, max24HourSend: -1 } };

function raw(headers: string[], body = 'Hello'): Buffer {
  return Buffer.from(`${headers.join('\r\n')}\r\n\r\n${body}`);
}

describe('sending through the local SES', () => {
  it('accepts a raw message and answers an id of its own', async () => {
    const { endpoint, control } = await useSes();
    const client = sdk(endpoint);
    const first = await client.send(mail('a+b@example.net'));
    const second = await client.send(mail('c@example.net'));
    expect(first.MessageId).toMatch(/^0100[0-9a-f]{12}(-[0-9a-f]{4,12}){5}-000000$/);
    expect(second.MessageId).not.toBe(first.MessageId);
    expect(await control.recipients()).toMatchObject([
      { recipient: 'a+b@example.net', messageId: first.MessageId, accessKeyId: 'AKIATEST' },
      { recipient: 'c@example.net', messageId: second.MessageId },
    ]);
  });

  it('accepts a SendEmail to several kinds of recipients', async () => {
    const { endpoint, control } = await useSes();
    await sdk(endpoint).send(
      new SendEmailCommand({
        Source: 'Sender <sender@example.com>',
        Destination: {
          ToAddresses: ['a@example.net'],
          CcAddresses: ['b@example.net'],
          BccAddresses: ['c@example.net'],
        },
        Message: { Subject: { Data: 'Hi & bye' }, Body: { Text: { Data: 'Grüße' } } },
      }),
    );
    expect((await control.recipients()).map(({ recipient }) => recipient)).toEqual([
      'a@example.net',
      'b@example.net',
      'c@example.net',
    ]);
    expect(await control.totals()).toMatchObject({ accepted: 3, acceptedMessages: 1, calls: { SendEmail: 1 } });
  });

  it('takes recipients and tags from the headers where the parameters leave them out', async () => {
    const { endpoint, control } = await useSes();
    const data = raw([
      'From: sender@example.com',
      'To: "Doe, Jane" <jane@example.net>,',
      '  bob@example.net',
      'X-SES-MESSAGE-TAGS: delivery=d1, attempt=2',
    ]);
    await sdk(endpoint).send(new SendRawEmailCommand({ RawMessage: { Data: data } }));
    expect(await control.recipients()).toMatchObject([
      { recipient: 'jane@example.net', tags: { delivery: 'd1', attempt: '2' } },
      { recipient: 'bob@example.net', tags: { delivery: 'd1', attempt: '2' } },
    ]);
  });

  it('counts the tags of the parameters only when the header has some too', async () => {
    const { endpoint, control } = await useSes();
    const data = raw(['From: sender@example.com', 'X-SES-MESSAGE-TAGS: from=header']);
    await sdk(endpoint).send(
      new SendRawEmailCommand({
        Destinations: ['a@example.net'],
        Tags: [{ Name: 'from', Value: 'parameter' }],
        RawMessage: { Data: data },
      }),
    );
    expect(await control.recipients()).toMatchObject([{ tags: { from: 'parameter' } }]);
  });

  it('gives the message back byte for byte', async () => {
    const { endpoint, control } = await useSes();
    const data = raw(['From: sender@example.com', 'Subject: =?utf-8?q?a+b/c=3D?='], 'ümläut + / = & %41');
    const { MessageId } = await sdk(endpoint).send(
      new SendRawEmailCommand({ Destinations: ['a@example.net'], RawMessage: { Data: data } }),
    );
    expect(await control.raw(MessageId ?? '')).toBe(data.toString());
  });

  it.each([
    ['no-at-sign', "Missing final '@domain'"],
    ['jö@example.net', 'Local address contains control or whitespace'],
    ['a b@example.net', 'Local address contains control or whitespace'],
    ['a@exa_mple.net', 'Domain contains illegal character'],
    ['a@bücher.example', 'Domain contains illegal character'],
    ['a@', 'Missing domain'],
  ])('refuses the address %s', async (address, message) => {
    const { endpoint } = await useSes();
    const failure = await failureOf(sdk(endpoint).send(mail(address)));
    expect(failure).toEqual({ name: 'InvalidParameterValue', message });
  });

  it('refuses more than 50 recipients, and tags outside the alphabet', async () => {
    const { endpoint, control } = await useSes(PLENTY);
    const client = sdk(endpoint);
    const many = Array.from({ length: 51 }, (_, index) => `a${index}@example.net`);
    const RawMessage = { Data: raw(['From: sender@example.com']) };
    const calls = [
      new SendRawEmailCommand({ Destinations: many, RawMessage }),
      mail('a@b.example', { a: 'not allowed' }),
    ];
    for (const call of calls) {
      expect(await failureOf(client.send(call))).toMatchObject({ name: 'InvalidParameterValue' });
    }
    await client.send(new SendRawEmailCommand({ Destinations: many.slice(1), RawMessage }));
    expect(await control.totals()).toMatchObject({ accepted: 50, refused: { InvalidParameterValue: 2 } });
  });

  it('reads a message of 10 MB and refuses one of a byte more', () => {
    const limit = 10 * 1024 * 1024;
    const read = (bytes: number) => {
      const data = encodeURIComponent(Buffer.alloc(bytes, 'x').toString('base64'));
      const body = Buffer.from(`Source=a%40example.com&Destinations.member.1=b%40example.net&RawMessage.Data=${data}`);
      return readOutgoing('SendRawEmail', new QueryRequest(body));
    };
    expect(read(limit)).toMatchObject({ sender: 'a@example.com', recipients: ['b@example.net'] });
    expect(() => read(limit + 1)).toThrow(`Message length is more than ${limit} bytes long: '${limit + 1}'.`);
  });

  it.each([
    ['AKIAINVALID1', 'InvalidClientTokenId'],
    ['AKIABADSECRET1', 'SignatureDoesNotMatch'],
    ['AKIADENIED1', 'AccessDenied'],
    ['AKIAEXPIRED1', 'ExpiredToken'],
  ])('refuses the access key %s with %s', async (accessKeyId, name) => {
    const { endpoint, control } = await useSes();
    expect(await failureOf(sdk(endpoint, accessKeyId).send(mail('a@example.net')))).toMatchObject({ name });
    expect(await control.totals()).toMatchObject({ accepted: 0, refused: { [name]: 1 } });
  });
});
