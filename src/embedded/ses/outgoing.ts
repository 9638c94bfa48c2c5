import { parseAddress, splitAddressList } from './addresses.js';
import { invalidParameter } from './errors.js';
import type { QueryRequest } from './query-protocol.js';

const MAX_RECIPIENTS = 50;
const MAX_MESSAGE_BYTES = 10 * 1024 * 1024;
const TAG = /^[A-Za-z0-9_-]{1,256}$/;

/** A message that somebody asks to send. */
export interface Outgoing {
  /** Bare addresses. */
  sender: string;
  recipients: string[];
  /** As in an X-SES-MESSAGE-TAGS header: `name=value, name=value`; empty for none. */
  tags: string;
}

/**
 * Reads SendEmail or SendRawEmail. The message itself is decoded only where its headers have to say what the parameters
 * leave out.
 * @throws SesError InvalidParameterValue for what SES refuses to read
 */
export function readOutgoing(action: 'SendEmail' | 'SendRawEmail', request: QueryRequest): Outgoing {
  const outgoing = action === 'SendRawEmail' ? readRaw(request) : readSimple(request);
  if (outgoing.recipients.length === 0) throw invalidParameter('Missing recipients');
  if (outgoing.recipients.length > MAX_RECIPIENTS) throw invalidParameter(`Recipient count exceeds ${MAX_RECIPIENTS}.`);
  return outgoing;
}

function readSimple(request: QueryRequest): Outgoing {
  const kinds = ['ToAddresses', 'CcAddresses', 'BccAddresses'];
  return {
    sender: parseAddress(request.get('Source') ?? ''),
    recipients: kinds.flatMap((kind) => request.list(`Destination.${kind}`)).map(parseAddress),
    tags: readTags(request),
  };
}

function readRaw(request: QueryRequest): Outgoing {
  const encoded = request.getEncoded('RawMessage.Data');
  if (!encoded?.length) throw invalidParameter('Missing raw message');
  // Base64 takes four characters for three bytes, percent-encoding only adds to it: what is small needs no exact look.
  if (encoded.length > (MAX_MESSAGE_BYTES / 3) * 4) {
    const bytes = decodeRawMessage(encoded).length;
    if (bytes > MAX_MESSAGE_BYTES) {
      throw invalidParameter(`Message length is more than ${MAX_MESSAGE_BYTES} bytes long: '${bytes}'.`);
    }
  }
  let headers: Map<string, string> | undefined;
  const header = (name: string) => {
    headers ??= readHeaders(encoded);
    return headers.get(name);
  };
  const destinations = request.list('Destinations');
  const addressed = destinations.length
    ? destinations
    : ['to', 'cc', 'bcc'].flatMap((name) => splitAddressList(header(name) ?? ''));
  return {
    sender: parseAddress(request.get('Source') ?? header('from') ?? ''),
    recipients: addressed.map(parseAddress),
    tags: readTags(request) || (header('x-ses-message-tags') ?? ''),
  };
}

/** With tags as parameters and in a header, only the parameters count. */
function readTags(request: QueryRequest): string {
  const tags: string[] = [];
  for (let number = 1; ; number++) {
    const name = request.get(`Tags.member.${number}.Name`);
    if (name === undefined) return tags.join(', ');
    const value = request.get(`Tags.member.${number}.Value`) ?? '';
    for (const text of [name, value]) {
      if (!TAG.test(text)) {
        throw invalidParameter(
          `Invalid email tag <${text}>: only alphanumeric ASCII characters, '_' and '-' are allowed, 256 at most.`,
        );
      }
    }
    tags.push(`${name}=${value}`);
  }
}

/** The bytes of a message out of the form's percent-encoded base64. */
export function decodeRawMessage(encoded: Buffer): Buffer {
  return Buffer.from(decodeURIComponent(encoded.toString('latin1')), 'base64');
}

/** The headers of a message, unfolded, by their lower-case name; of several of the same name the last. */
function readHeaders(encoded: Buffer): Map<string, string> {
  const [head = ''] = decodeRawMessage(encoded)
    .toString('utf8')
    .split(/\r?\n\r?\n/, 1);
  const lines = head.replaceAll(/\r?\n[ \t]+/g, ' ').split(/\r?\n/);
  return new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
}
