import type { z } from 'zod';
import type { Problem } from '../errors.js';

/** zod's issues as the contract writes them; an unknown field is named itself, not its parent. */
export function problemsOf(error: z.ZodError): Problem[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code !== 'unrecognized_keys') return [{ path: path.join('.'), message: inWords(issue.message) }];
    return issue.keys.map((key) => ({ path: [...path, key].join('.'), message: 'is not a known field' }));
  });
}

/** zod's own sentences about types, for a person. */
function inWords(message: string): string {
  const [, expected, received] = /^Invalid input: expected (\w+), received (\w+)$/.exec(message) ?? [];
  if (!expected || !received) return message;
  if (received === 'undefined') return 'is required';
  const article = /^[aeio]/.test(expected) ? 'an' : 'a';
  return received === 'NaN' ? 'must be a number' : `must be ${article} ${expected}, not ${received}`;
}
