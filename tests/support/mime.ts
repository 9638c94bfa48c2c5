/** A message as it went out, taken apart (RFC 5322, RFC 2045, RFC 2046). */
export interface Parsed {
  /** Unfolded, by lower-case name, in order. */
  headers: [name: string, value: string][];
  html: string;
  text: string;
}

/** Reads a message of the hub's: text and HTML, as alternatives or alone. */
export function parseMime(raw: string): Parsed {
  const { headers, body } = split(raw);
  const boundary = /boundary="?([^";]+)"?/.exec(firstOf(headers, 'content-type'))?.[1];
  const parts = boundary
    ? body
        .split(`--${boundary}`)
        .slice(1, -1)
        .map((part) => split(part.replace(/^\r\n/, '')))
    : [{ headers, body }];
  const part = (type: string) => {
    const found = parts.find((one) => firstOf(one.headers, 'content-type').startsWith(type));
    return found ? decode(found.body, firstOf(found.headers, 'content-transfer-encoding')) : '';
  };
  return { headers, html: part('text/html'), text: part('text/plain') };
}

/** All values of a header. */
export function valuesOf({ headers }: Pick<Parsed, 'headers'>, name: string): string[] {
  return headers.flatMap(([one, value]) => (one === name ? [value] : []));
}

function split(raw: string): { headers: Parsed['headers']; body: string } {
  const end = raw.indexOf('\r\n\r\n');
  const head = raw.slice(0, end).replace(/\r\n(?=[ \t])/g, '');
  const headers = head.split('\r\n').map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { headers, body: raw.slice(end + 4) };
}

function firstOf(headers: Parsed['headers'], name: string): string {
  return headers.find(([one]) => one === name)?.[1] ?? '';
}

function decode(body: string, encoding: string): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString();
  if (encoding !== 'quoted-printable') return body;
  const bytes = body
    .replace(/=\r\n/g, '')
    .replace(/=([\dA-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}
