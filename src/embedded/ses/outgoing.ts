import { parseAddress, splitAddressList } from './addresses.js';
import { invalidParameter } from './errors.js';
import { decodeRawMessage, type Header, headerOf, readHeaders } from './mime-head.js';
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
  /** Whose event destinations hear of it. */
  configurationSet: string | undefined;
  /** The message's own headers; read when asked for. */
  headers(): Header[];
}

/**
 * Reads SendEmail or SendRawEmail. Of the message itself only the head is decoded, and only where it has to say what the
 * parameters leave out.
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
  const source = request.get('Source') ?? '';
  return {
    sender: parseAddress(source),
    recipients: kinds.flatMap((kind) => request.list(`Destination.${kind}`)).map(parseAddress),
    tags: readTags(request),
    configurationSet: request.get('ConfigurationSetName') || undefined,
    headers: () => [
      { name: 'From', value: source },
      { name: 'To', value: request.list('Destination.ToAddresses').join(', ') },
      { name: 'Subject', value: request.get('Message.Subject.Data') ?? '' },
      { name: 'MIME-Version', value: '1.0' },
    ],
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
  let read: Header[] | undefined;
  const headers = () => {
    read ??= readHeaders(encoded);
    return read;
  };
  const header = (name: string) => headerOf(headers(), name);
  const destinations = request.list('Destinations');
  const addressed = destinations.length
    ? destinations
    : ['to', 'cc', 'bcc'].flatMap((name) => splitAddressList(header(name) ?? ''));
  return {
    sender: parseAddress(request.get('Source') ?? header('from') ?? ''),
    recipients: addressed.map(parseAddress),
    tags: readTags(request) || (header('x-ses-message-tags') ?? ''),
    configurationSet: request.get('ConfigurationSetName') || header('x-ses-configuration-set') || undefined,
    headers,
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
