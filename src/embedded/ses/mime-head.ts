/** A line of a message's head, unfolded. */
export interface Header {
  name: string;
  value: string;
}

const FIRST_LOOK_BYTES = 4096;

/** The bytes of a message out of the form's percent-encoded base64. */
export function decodeRawMessage(encoded: Buffer): Buffer {
  return Buffer.from(decodeURIComponent(encoded.toString('latin1')), 'base64');
}

/**
 * The headers of a message out of the form's percent-encoded base64, in their order. The body is not decoded: a look at
 * the head costs some microseconds, whatever is attached.
 */
export function readHeaders(encoded: Buffer): Header[] {
  const lines = decodeHead(encoded)
    .replaceAll(/\r?\n[ \t]+/g, ' ')
    .split(/\r?\n/);
  return lines.map((line) => {
    const colon = line.indexOf(':');
    return { name: line.slice(0, colon), value: line.slice(colon + 1).trim() };
  });
}

/** The value of a header, whatever the case of its name; of several of the same name the last. */
export function headerOf(headers: readonly Header[], name: string): string | undefined {
  return headers.findLast((header) => header.name.toLowerCase() === name)?.value;
}

function decodeHead(encoded: Buffer): string {
  for (let bytes = FIRST_LOOK_BYTES; ; bytes *= 4) {
    const text = decodeRawMessage(wholeCharacters(encoded, bytes)).toString('utf8');
    const end = text.search(/\r?\n\r?\n/);
    if (end >= 0) return text.slice(0, end);
    if (bytes >= encoded.length) return text;
  }
}

/** The first bytes, without a percent-encoded character that would be cut in two. */
function wholeCharacters(encoded: Buffer, bytes: number): Buffer {
  const cut = encoded.subarray(0, bytes);
  const percent = cut.lastIndexOf('%');
  return percent > cut.length - 3 && percent >= 0 ? cut.subarray(0, percent) : cut;
}
