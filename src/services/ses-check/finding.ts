import type { Finding } from '../../schemas/ses-check.js';
import { denialOf } from '../../ses/administration.js';
import { WiringFailure } from '../../ses/event-wiring.js';

export type { Finding };
export type Check = Finding['check'];

export const ok = (check: Check, message: string, subject?: string): Finding => make('ok', check, message, subject);

export const warning = (check: Check, message: string, remedy: string, subject?: string): Finding => ({
  ...make('warning', check, message, subject),
  remedy,
});

export const problem = (check: Check, message: string, remedy: string, subject?: string): Finding => ({
  ...make('problem', check, message, subject),
  remedy,
});

function make(status: Finding['status'], check: Check, message: string, subject: string | undefined): Finding {
  return { check, ...(subject ? { subject } : {}), status, message };
}

/** What was not answered: a permission that is missing, or a service that is away. Nobody knows how it stands. */
export function unasked(check: Check, error: unknown, action: string, subject?: string): Finding {
  const cause = error instanceof WiringFailure ? error.cause : error;
  const denial = denialOf(cause, error instanceof WiringFailure ? error.action : action);
  if (denial) {
    const remedy = `Allow ${denial.action} in the IAM policy of the keys (docs/ses-setup.md has the whole)`;
    return warning(check, `It could not be looked at: the keys may not ${denial.action}`, remedy, subject);
  }
  const { name, message } = cause as Error;
  return warning(
    check,
    `It could not be looked at: ${name}: ${message}`.slice(0, 300),
    'Check again in a while',
    subject,
  );
}

/** Asks one thing; what cannot be asked becomes a finding, and the rest goes on. */
export async function ask<T>(
  found: Finding[],
  about: { check: Check; action: string; subject?: string },
  call: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    found.push(unasked(about.check, error, about.action, about.subject));
    return undefined;
  }
}
