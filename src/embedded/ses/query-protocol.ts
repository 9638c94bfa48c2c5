import type { SesError } from './errors.js';

const AMPERSAND = 0x26;
const EQUALS = 0x3d;

/**
 * A form body of the AWS Query protocol, as `Action=SendEmail&Source=a%40b.c&Destinations.member.1=...`. Values stay
 * undecoded bytes until somebody asks for them: a message of several kilobytes is never touched by most sends.
 */
export class QueryRequest {
  readonly #values = new Map<string, Buffer>();

  /** @param body as it came */
  constructor(readonly body: Buffer) {
    for (let start = 0; start < body.length; ) {
      const next = body.indexOf(AMPERSAND, start);
      const end = next < 0 ? body.length : next;
      const equals = body.indexOf(EQUALS, start);
      if (equals >= 0 && equals < end) {
        this.#values.set(decode(body.subarray(start, equals)), body.subarray(equals + 1, end));
      }
      start = end + 1;
    }
  }

  /** The parameter's text, or undefined when it is not there. */
  get(name: string): string | undefined {
    const value = this.#values.get(name);
    return value && decode(value);
  }

  /** The parameter's bytes as they came, still percent-encoded. */
  getEncoded(name: string): Buffer | undefined {
    return this.#values.get(name);
  }

  /** The pairs of `<name>.entry.1.key` and `<name>.entry.1.value`, and so on. */
  entries(name: string): Map<string, string> {
    const pairs = new Map<string, string>();
    for (let number = 1; ; number++) {
      const key = this.get(`${name}.entry.${number}.key`);
      if (key === undefined) return pairs;
      pairs.set(key, this.get(`${name}.entry.${number}.value`) ?? '');
    }
  }

  /** The texts of `<name>.member.1`, `<name>.member.2` and so on. */
  list(name: string): string[] {
    const values: string[] = [];
    for (let number = 1; ; number++) {
      const value = this.get(`${name}.member.${number}`);
      if (value === undefined) return values;
      values.push(value);
    }
  }
}

/** A fresh string, not a slice of the body: what is kept of a request must not keep all of it. */
function decode(bytes: Buffer): string {
  const text = bytes.toString('latin1');
  return text.includes('%') || text.includes('+') ? decodeURIComponent(text.replaceAll('+', ' ')) : text;
}

/** The services behind the one endpoint, by the namespace of their answers. */
export const NAMESPACES = {
  ses: 'http://ses.amazonaws.com/doc/2010-12-01/',
  sts: 'https://sts.amazonaws.com/doc/2011-06-15/',
  sns: 'http://sns.amazonaws.com/doc/2010-03-31/',
} as const;
export type Service = keyof typeof NAMESPACES;

/** Text made safe between two tags. */
export function escapeXml(text: string): string {
  return /[&<>"']/.test(text) ? text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`) : text;
}

/** `<name>` around text, escaped. */
export function element(name: string, value: string | number | boolean): string {
  return `<${name}>${escapeXml(String(value))}</${name}>`;
}

/** A list of structures; the items are XML already. */
export function structureList(name: string, items: readonly string[]): string {
  return `<${name}>${items.map((xml) => `<member>${xml}</member>`).join('')}</${name}>`;
}

/** A list of texts as `<name><member>...</member>...</name>`. */
export function memberList(name: string, values: readonly string[]): string {
  return `<${name}>${values.map((value) => element('member', value)).join('')}</${name}>`;
}

/** A map as `<name><entry><key>...</key><value>...</value></entry>...</name>`; the values are XML already. */
export function entryMap(name: string, entries: ReadonlyMap<string, string>): string {
  const items = [...entries].map(([key, xml]) => `<entry>${element('key', key)}<value>${xml}</value></entry>`);
  return `<${name}>${items.join('')}</${name}>`;
}

/** The whole answer to an action, around the XML of its result. */
export function successXml(action: string, result: string, requestId: string, service: Service = 'ses'): string {
  return `<${action}Response xmlns="${NAMESPACES[service]}"><${action}Result>${result}</${action}Result><ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${action}Response>`;
}

/** The whole answer to a refused action. */
export function errorXml(error: SesError, requestId: string, service: Service = 'ses'): string {
  const members = { Type: error.type, Code: error.code, Message: error.message, ...error.details };
  const details = Object.entries(members).map(([name, value]) => element(name, value));
  return `<ErrorResponse xmlns="${NAMESPACES[service]}"><Error>${details.join('')}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`;
}
