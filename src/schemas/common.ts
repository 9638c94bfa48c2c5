import { z } from 'zod';
import { asciiDomain, parseAddress } from '../addresses.js';

/** A line that a person wrote: trimmed, not empty, no control characters (CR and LF would end a header). */
export const line = (max: number) =>
  z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(max)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain line breaks, control characters or halves of characters');

/** What a list is searched for: the beginning of a value. */
export const searchText = (max: number) =>
  z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(max)
    .regex(/^\P{Cc}*$/u, 'must not contain control characters');

/** A bare address, `a@b.c`, in the hub's one spelling. */
export const Email = z
  .string()
  .max(500)
  .transform((text, ctx) => {
    const address = parseAddress(text);
    if ('email' in address && !address.name) return address.email;
    ctx.addIssue({
      code: 'custom',
      message: 'reason' in address ? address.reason : 'must be an address without a name',
    });
    return z.NEVER;
  })
  .meta({ id: 'Email', type: 'string', format: 'email', example: 'ann@example.com' });

/** An address as a person writes it, `Name <a@b.c>` or `a@b.c`. */
export const NamedEmail = z
  .string()
  .max(500)
  .transform((text, ctx) => {
    const address = parseAddress(text);
    if ('email' in address) return address;
    ctx.addIssue({ code: 'custom', message: address.reason });
    return z.NEVER;
  })
  .meta({ id: 'NamedEmail', type: 'string', example: 'Ann Lee <ann@example.com>' });

/** A host name, lower-cased and in punycode. */
export const Domain = z
  .string()
  .max(253)
  .transform((text, ctx) => {
    const domain = asciiDomain(text.trim());
    if (domain) return domain;
    ctx.addIssue({ code: 'custom', message: 'must be a domain such as example.com' });
    return z.NEVER;
  })
  .meta({ id: 'Domain', type: 'string', example: 'example.com' });

/** Keys that reach an object's prototype, and the one by which MongoDB's driver knows its own types. */
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype', '_bsontype']);

/** Whether a variable may not have this name. */
export const isReservedKey = (key: string): boolean => FORBIDDEN_KEYS.has(key);

/** What neither MongoDB nor a template could name: control characters, and halves of a surrogate pair. */
const UNSTORABLE = /[\p{Cc}\p{Cs}]/u;
const MAX_KEYS = 50;
const MAX_DEPTH = 4;
const MAX_BYTES = 16_384;

export type Variables = Record<string, unknown>;

/**
 * What is wrong with a message's variables, or undefined: at most 50 keys an object, 4 levels, 16 kB, and no key that
 * reaches an object's prototype.
 */
export function variablesProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'must be an object';
  const problem = treeProblem(value, 1);
  if (problem) return problem;
  return Buffer.byteLength(JSON.stringify(value)) > MAX_BYTES
    ? `must be at most ${MAX_BYTES} bytes of JSON`
    : undefined;
}

function treeProblem(value: object, depth: number): string | undefined {
  if (depth > MAX_DEPTH) return `must be at most ${MAX_DEPTH} levels deep`;
  const keys = Object.keys(value);
  if (!Array.isArray(value) && keys.length > MAX_KEYS) return `must have at most ${MAX_KEYS} keys`;
  for (const key of keys) {
    if (UNSTORABLE.test(key)) return 'must not have a key with a control character or a broken one';
    if (isReservedKey(key)) return `must not have the key ${key}`;
    if (key.includes('.') || key.startsWith('$')) return `must not have a key with a dot or a leading $: ${key}`;
    const child = (value as Record<string, unknown>)[key];
    const problem = typeof child === 'object' && child !== null ? treeProblem(child, depth + 1) : undefined;
    if (problem) return problem;
  }
  return undefined;
}

/** The variables of one message. Kept as they came: `__proto__` is seen, not silently dropped. */
export const VariablesSchema = z
  .custom<Variables>((value) => variablesProblem(value) === undefined, {
    error: (issue) => variablesProblem(issue.input) ?? 'must be an object',
  })
  .meta({ id: 'Variables', type: 'object', additionalProperties: true, example: { firstName: 'Ann' } });
