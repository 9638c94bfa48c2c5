import { createHmac, createSecretKey, hkdfSync, type KeyObject, timingSafeEqual } from 'node:crypto';
import { Types } from 'mongoose';
import { config } from '../config.js';

/** 128 bits of the MAC: enough against guessing, short enough for a link (RFC 2104 §5 on truncation). */
const MAC_BYTES = 16;
const KEY_ID_BYTES = 2;
const ID_BYTES = 12;
const NUMBER_BYTES = 2;
const MAX_CHARACTERS = 600;

/** What an unsubscribe link knows by itself, so that it works on when campaign and delivery are gone. */
export interface Unsubscribe {
  businessId: Types.ObjectId;
  deliveryId: Types.ObjectId;
  email: string;
}

/** A token for the unsubscribe link of one delivery. A few microseconds. */
export function signUnsubscribe({ businessId, deliveryId, email }: Unsubscribe): string {
  return sign('unsubscribe', Buffer.concat([businessId.id, deliveryId.id, Buffer.from(email)]));
}

/** What `signUnsubscribe` was given, or undefined for anything it did not make. */
export function verifyUnsubscribe(token: string): Unsubscribe | undefined {
  const payload = verify('unsubscribe', token);
  if (!payload || payload.length <= 2 * ID_BYTES) return undefined;
  return { ...messageLink(payload), email: payload.subarray(2 * ID_BYTES).toString() };
}

/** Whose message it is about. */
export interface MessageLink {
  businessId: Types.ObjectId;
  deliveryId: Types.ObjectId;
}

/** A link of one message, by its place in `frozen.links`: below 65,536. */
export interface ClickLink extends MessageLink {
  number: number;
}

/** A token for the pixel of one delivery: 56 characters. */
export function signOpen({ businessId, deliveryId }: MessageLink): string {
  return sign('open', Buffer.concat([businessId.id, deliveryId.id]));
}

/** What `signOpen` was given, or undefined for anything it did not make. */
export function verifyOpen(token: string): MessageLink | undefined {
  const payload = verify('open', token);
  return payload?.length === 2 * ID_BYTES ? messageLink(payload) : undefined;
}

/** A token for one link of one delivery: 59 characters. Its number is part of what is signed. */
export function signClick({ businessId, deliveryId, number }: ClickLink): string {
  const place = Buffer.allocUnsafe(NUMBER_BYTES);
  place.writeUInt16BE(number);
  return sign('click', Buffer.concat([businessId.id, deliveryId.id, place]));
}

/** What `signClick` was given, or undefined for anything it did not make. */
export function verifyClick(token: string): ClickLink | undefined {
  const payload = verify('click', token);
  if (payload?.length !== 2 * ID_BYTES + NUMBER_BYTES) return undefined;
  return { ...messageLink(payload), number: payload.readUInt16BE(2 * ID_BYTES) };
}

function messageLink(payload: Buffer): MessageLink {
  return {
    businessId: new Types.ObjectId(payload.subarray(0, ID_BYTES)),
    deliveryId: new Types.ObjectId(payload.subarray(ID_BYTES, 2 * ID_BYTES)),
  };
}

/** The page behind an unsubscribe token, and where a mail program posts its one click. */
export const unsubscribeUrl = (token: string, domain?: string) => `${base(domain)}/u/${token}`;

/** The picture that tells of an open. */
export const openUrl = (token: string, domain?: string) => `${base(domain)}/t/o/${token}`;

/** What a tracked link leads to, before it leads on. */
export const clickUrl = (token: string, domain?: string) => `${base(domain)}/t/c/${token}`;

/** @param domain the business's own, whose name leads to the hub. */
const base = (domain: string | undefined) => (domain ? `https://${domain}` : config().publicUrl);

/**
 * Signs bytes for one purpose under LINK_SECRET: base64url of key id (2 bytes), payload, and the first 128 bits of an
 * HMAC-SHA-256 over purpose, key id and payload. The purpose is in the MAC only: a token made for one says nothing in
 * another's place.
 */
export function sign(purpose: string, payload: Buffer): string {
  const [key] = linkKeys();
  if (!key) throw new Error('LINK_SECRET is missing');
  return Buffer.concat([key.id, payload, mac(key, purpose, payload)]).toString('base64url');
}

/** The payload of a token that `sign` made for this purpose, also under LINK_SECRET_PREVIOUS; undefined for any other. */
export function verify(purpose: string, token: string): Buffer | undefined {
  if (token.length > MAX_CHARACTERS) return undefined;
  const bytes = Buffer.from(token, 'base64url');
  // Node skips what is not base64url: only the one spelling that `sign` makes is a token.
  if (bytes.length <= KEY_ID_BYTES + MAC_BYTES || bytes.toString('base64url') !== token) return undefined;
  const payload = bytes.subarray(KEY_ID_BYTES, -MAC_BYTES);
  const isSigned = linkKeys().some(
    (key) =>
      key.id.equals(bytes.subarray(0, KEY_ID_BYTES)) &&
      timingSafeEqual(mac(key, purpose, payload), bytes.subarray(-MAC_BYTES)),
  );
  return isSigned ? payload : undefined;
}

interface LinkKey {
  /** Names the secret without telling anything of it. */
  id: Buffer;
  secret: KeyObject;
}

const derived = new Map<string, LinkKey>();

/** The secrets that links are signed with: the present one first, then those that still verify. Derived once each. */
function linkKeys(): LinkKey[] {
  return config().linkSecrets.map((secret) => {
    const known = derived.get(secret);
    if (known) return known;
    const bytes = (info: string, length: number) => Buffer.from(hkdfSync('sha256', secret, '', info, length));
    const key = { id: bytes('pmh-link-id', KEY_ID_BYTES), secret: createSecretKey(bytes('pmh-link-mac', 32)) };
    derived.set(secret, key);
    return key;
  });
}

function mac(key: LinkKey, purpose: string, payload: Buffer): Buffer {
  return createHmac('sha256', key.secret)
    .update(`${purpose}\0`)
    .update(key.id)
    .update(payload)
    .digest()
    .subarray(0, MAC_BYTES);
}
