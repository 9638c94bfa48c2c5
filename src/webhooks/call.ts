import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { RequestFilteringHttpsAgent } from 'request-filtering-agent';
import type { AttemptError } from '../models/webhook-attempt.js';
import { isPublic } from './addresses.js';
import { publicLookUp, RefusedAddress } from './look-up.js';
import { hostOf, type Target } from './targets.js';

/** For the whole exchange: name, connection, question and answer, in ms. */
export const LIMIT_MS = 15_000;

/** No more of an answer is read, in bytes. */
const READ_BYTES = 16_384;
/** So much of it is kept, in characters. */
const KEPT_CHARACTERS = 1_000;

/** Connections to one host that wait for its next message, at most. */
const KEPT_SOCKETS = 8;

/** What became of a call. */
export interface Outcome {
  durationMs: number;
  httpStatus?: number;
  /** How the answer's body begins. */
  body?: string;
  /** Absent where it succeeded. */
  failure?: { error: AttemptError; message: string };
}

/** Posts to endpoints. Connections are kept a while, for the next message. */
export interface Caller {
  /**
   * @returns what became of it, whatever that is.
   * @throws the signal's reason when that is aborted first: nobody knows then whether it arrived.
   */
  post(target: Target, headers: Record<string, string>, body: string, signal?: AbortSignal): Promise<Outcome>;
  close(): void;
}

/** @param lookUp of names that are not trusted; another one in tests. */
export function createCaller({ limitMs = LIMIT_MS, lookUp = publicLookUp() } = {}): Caller {
  const kept = { keepAlive: true, keepAliveMsecs: 5_000, maxFreeSockets: KEPT_SOCKETS, timeout: 10_000 };
  const agents = {
    // It checks what a socket is made for once more, whoever resolved it.
    guarded: new RequestFilteringHttpsAgent(kept),
    http: new HttpAgent(kept),
    https: new HttpsAgent(kept),
  };
  const optionsOf = ({ url, isTrusted }: Target): RequestOptions => {
    if (!isTrusted) return { agent: agents.guarded, lookup: lookUp as LookupFunction };
    return { agent: url.protocol === 'https:' ? agents.https : agents.http };
  };
  return {
    async post(target, headers, body, signal) {
      const began = performance.now();
      const ended = endOf(limitMs, signal);
      try {
        const asked = exchange(target, { ...optionsOf(target), headers, signal: ended.signal }, body);
        // Not by the signal alone: an answer that switches protocols closes the connection and tells nobody.
        const told = await Promise.race([asked, ended.reached]).catch((error: unknown) => {
          if (signal?.aborted) throw signal.reason;
          return { failure: ended.signal.aborted ? late(limitMs) : failureOf(error) };
        });
        return { ...told, durationMs: Math.round(performance.now() - began) };
      } finally {
        ended.forget();
      }
    },
    close() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

/**
 * The end of an exchange: its limit, or the signal from outside. Without `AbortSignal.any`, which in Node 20 leaves something in
 * a signal that lives as long as the process, for each call.
 */
function endOf(limitMs: number, signal?: AbortSignal) {
  const end = new AbortController();
  const stop = () => end.abort();
  const timer = setTimeout(stop, limitMs);
  if (signal?.aborted) stop();
  else signal?.addEventListener('abort', stop, { once: true });
  const reached = new Promise<never>((_resolve, reject) => {
    const ends = () => reject(end.signal.reason);
    if (end.signal.aborted) ends();
    else end.signal.addEventListener('abort', ends, { once: true });
  });
  return {
    signal: end.signal,
    /** Rejects then, and not before. */
    reached,
    forget() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    },
  };
}

const late = (limitMs: number) =>
  ({ error: 'timeout', message: `The exchange took longer than ${limitMs / 1_000} s` }) as const;

async function exchange(target: Target, options: RequestOptions, body: string): Promise<Omit<Outcome, 'durationMs'>> {
  const host = hostOf(target.url);
  // A socket looks no address up that is one already.
  if (!target.isTrusted && isIP(host) !== 0 && !isPublic(host)) throw new RefusedAddress(`${host} is not public`);
  const response = await ask(target, options, body);
  const httpStatus = response.statusCode ?? 0;
  // After a 101 there is no more of HTTP.
  const text = httpStatus === 101 ? '' : await beginning(response);
  const told = { httpStatus, ...(text ? { body: text } : {}) };
  if (httpStatus >= 200 && httpStatus < 300) return told;
  const message = httpStatus >= 300 && httpStatus < 400 ? 'Redirects are not followed' : 'Only a 2xx is a success';
  return { ...told, failure: { error: 'status', message: `It answered ${httpStatus}. ${message}` } };
}

/**
 * A kept connection may be closed by the other side at this very moment, and so may all of them be, by a restart: then the
 * message goes by the next one, and at last by a new one.
 */
async function ask(target: Target, options: RequestOptions, body: string, stale = 0): Promise<IncomingMessage> {
  const { url } = target;
  const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, { ...options, method: 'POST' });
  try {
    return await new Promise<IncomingMessage>((resolve, reject) => {
      request.once('response', resolve);
      // Another protocol is none of ours: its connection is cut, and the 101 is an answer like any that is no success.
      request.once('upgrade', (answer, socket) => {
        socket.destroy();
        resolve(answer);
      });
      request.on('error', reject);
      request.setHeader('content-length', Buffer.byteLength(body));
      request.end(body);
    });
  } catch (error) {
    const isStale = request.reusedSocket && error instanceof Error && 'code' in error && error.code === 'ECONNRESET';
    if (isStale && stale < KEPT_SOCKETS && !options.signal?.aborted) return ask(target, options, body, stale + 1);
    throw error;
  }
}

/** Reads no further than it must; what is longer is cut off, with its connection. */
async function beginning(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes >= READ_BYTES) break;
  }
  const text = Buffer.concat(chunks).subarray(0, READ_BYTES).toString('utf8');
  return Array.from(text.replace(/\p{Cc}/gu, ' '))
    .slice(0, KEPT_CHARACTERS)
    .join('');
}

const TLS = /^(ERR_TLS_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|EPROTO$|ERR_SSL_|HOSTNAME_MISMATCH)/;
const DNS: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA', 'ESERVFAIL', 'ETIMEOUT', 'EREFUSED', 'EAI_AGAIN']);

/** For its business's eyes: of an address that was refused nothing is told, for that would map a network. */
function failureOf(error: unknown): NonNullable<Outcome['failure']> {
  if (error instanceof RefusedAddress || (error instanceof Error && /is not allowed\. Because/.test(error.message))) {
    return { error: 'refused_address', message: 'It does not lead to an address of the public internet' };
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (DNS.has(code)) return { error: 'dns', message: `Its name could not be resolved: ${code}` };
  if (TLS.test(code)) return { error: 'tls', message: `No trusted connection: ${code}` };
  return { error: 'connection', message: `No answer: ${code || 'the connection broke off'}` };
}
