import { describe, expect, it } from 'vitest';
import { type Hit, isMachine } from '../../../src/tracking/machines.js';

const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36';
const GOOGLE = 'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)';
const SENT = new Date('2026-11-24T10:00:00Z');
const later = (ms: number) => new Date(SENT.getTime() + ms);

function hit(given: Partial<Hit> = {}): Hit {
  return { at: later(3_600_000), userAgent: CHROME, ip: '203.0.113.7', isPrefetch: false, ...given };
}

const sent = { sentAt: SENT, deliveredAt: null };

describe('machines', () => {
  it.each([
    CHROME,
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)',
    'Mozilla/4.0 (compatible; ms-office; MSOffice 16)',
    'Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Thunderbird/115.12.2',
    'Mozilla/5.0 (Linux; Android 10; CUBOT P40) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36',
    'YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html',
  ])('are not %s', (userAgent) => {
    expect(isMachine(hit({ userAgent }), sent)).toBe(false);
  });

  it.each([
    '',
    ' ',
    'Mozilla/5.0',
    'Googlebot/2.1 (+http://www.google.com/bot.html)',
    'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)',
    'Mozilla/5.0 AppleWebKit/537.36 BingPreview/1.0b',
    'BarracudaCentral',
    'Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/126.0.0.0',
    'curl/8.5.0',
    'python-requests/2.32',
    'Java/17.0.1',
    'Go-http-client/2.0',
  ])('are %j', (userAgent) => {
    expect(isMachine(hit({ userAgent }), sent)).toBe(true);
  });

  it.each(['17.58.101.1', '::ffff:17.58.101.1', '40.94.1.1', '40.107.20.3', '2a01:111:f400:7e1b::1', '64.235.150.9'])(
    'are known by %s',
    (ip) => {
      expect(isMachine(hit({ ip }), sent)).toBe(!ip.startsWith('40.94.'));
    },
  );

  it('are known by what their request says of itself', () => {
    expect(isMachine(hit({ isPrefetch: true }), sent)).toBe(true);
  });

  it('are there within seconds of the message', () => {
    expect(isMachine(hit({ at: later(2_900) }), sent)).toBe(true);
    expect(isMachine(hit({ at: later(3_000) }), sent)).toBe(false);
    const late = { sentAt: SENT, deliveredAt: later(600_000) };
    expect(isMachine(hit({ at: later(601_000) }), late)).toBe(true);
    expect(isMachine(hit({ at: later(604_000) }), late)).toBe(false);
  });

  it('are there before the ledger knows that the message went out', () => {
    expect(isMachine(hit(), {})).toBe(true);
  });

  it('are never Google’s proxy for pictures: it asks when a person opens', () => {
    expect(isMachine(hit({ userAgent: GOOGLE, at: later(100), ip: '66.249.84.1' }), sent)).toBe(false);
  });

  it('may have no address', () => {
    expect(isMachine(hit({ ip: undefined }), sent)).toBe(false);
    expect(isMachine(hit({ ip: 'not an address' }), sent)).toBe(false);
  });
});
