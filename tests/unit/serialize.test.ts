import { randomUUID } from 'node:crypto';
import MailComposer from 'nodemailer/lib/mail-composer';
import MimeNode from 'nodemailer/lib/mime-node';
import { describe, expect, it } from 'vitest';
import { serialize } from '../../src/sending/batch/serialize.js';

const long = 'x'.repeat(5_000);
const words = 'A sentence of words, with = and . in it. '.repeat(40);

/** What a template and its variables could make of a part. */
const CONTENTS: Record<string, string> = {
  'short ASCII': 'Hello\r\nAnn',
  'long lines': `${words}\r\n${words}`,
  'one long word': long,
  umlauts: `Grüße an Jürgen, ${words}`,
  'a script without Latin letters': 'Здравствуйте, 世界. '.repeat(60),
  'no letters at all': '1234567890 '.repeat(60),
  'emoji and half of one': `😀 \ud83d ${'😀'.repeat(50)}`,
  'control characters': `a\u0000b\u0007c\td\u007f${words}`,
  'lines that end in blanks': 'one \r\ntwo\t\r\n  \r\nthree',
  'lines that begin with a dot or From': '.\r\n..\r\nFrom me\r\n--\r\n--_NmP',
  'what looks like an encoded word': `=?utf-8?q?evil?= =C3=BC =\r\n${words}`,
  'more than 128 KB': words.repeat(100),
  nothing: '',
};

const NAMES = [
  'Ann',
  'Jürgen Groß',
  'Groß, "Jo" <x@y.z>; \\',
  '李雷',
  'O’Hara (the third)',
  '=?utf-8?q?a b?=',
  long.slice(0, 300),
];

const mail = (overrides: object) => ({
  from: { name: 'Whisky, Ltd.', address: 'news@example.com' },
  to: { name: 'Ann', address: 'ann@müller.example' },
  replyTo: 'Re <re@example.com>',
  subject: 'Hello',
  html: '<p>Hello</p>',
  text: 'Hello',
  headers: { 'List-Unsubscribe': `<https://hub.example.com/u/${'t'.repeat(120)}>` },
  messageId: '<id@example.com>',
  date: new Date(0),
  baseBoundary: randomUUID(),
  disableFileAccess: true,
  disableUrlAccess: true,
  ...overrides,
});

/** nodemailer's streams may break the last line of a part elsewhere, softly: `=` and a line break, which say nothing. */
const unbroken = (message: string) => message.replaceAll('=\r\n', '');

async function expectSame(overrides: object): Promise<void> {
  const options = mail(overrides);
  const streamed: Buffer = await new MailComposer(options).compile().build();
  expect(unbroken(serialize(new MailComposer(options).compile()))).toBe(unbroken(streamed.toString()));
}

describe('a message written at once', () => {
  it.each(Object.entries(CONTENTS))('is what nodemailer would stream: %s', async (_what, content) => {
    await expectSame({ text: content, html: `<p>${content}</p>` });
    await expectSame({ text: content, html: undefined });
    await expectSame({ text: '', html: content });
  });

  it.each(NAMES)('has the headers that nodemailer gives it: %s', async (name) => {
    const address = 'ann@example.com';
    await expectSame({ subject: name, from: { name, address }, to: { name, address }, replyTo: undefined });
  });

  it('breaks encoded lines at 76 characters', () => {
    for (const content of Object.values(CONTENTS)) {
      const message = serialize(new MailComposer(mail({ text: content, html: content, headers: {} })).compile());
      expect(Math.max(...message.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(76);
    }
  });

  it('opens no file and no URL', () => {
    for (const content of [{ path: '/etc/hostname' }, { href: 'http://127.0.0.1/' }]) {
      expect(() => serialize(new MimeNode('text/plain').setContent(content))).toThrow(TypeError);
    }
  });
});
