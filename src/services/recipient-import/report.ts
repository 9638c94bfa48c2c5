import { AppError, unavailable } from '../../errors.js';
import type { BrokenStream } from './broken-stream.js';
import type { Rejection } from './entry.js';
import type { Inserted } from './insert.js';

const MAX_ERRORS = 100;

/** What became of the records of an import. */
export interface ImportReport {
  /** Recipients the campaign has now and had not before. */
  added: number;
  /** Records whose address the campaign, or an earlier record, had. */
  duplicates: number;
  /** How many of the added are on the suppression list, and will be left out unless that changes. */
  suppressed: number;
  /** Records that are no recipients. */
  invalid: number;
  /** The first 100 of the invalid. */
  errors: Rejection[];
}

export const emptyReport = (): ImportReport => ({ added: 0, duplicates: 0, suppressed: 0, invalid: 0, errors: [] });

export function countRejection(report: ImportReport, rejection: Rejection): void {
  report.invalid++;
  if (report.errors.length < MAX_ERRORS) report.errors.push(rejection);
}

export function countInserted(report: ImportReport, { added, duplicates, suppressed }: Inserted): void {
  report.added += added;
  report.duplicates += duplicates;
  report.suppressed += suppressed;
}

/** 422 for a stream that broke, with the line where reading stopped. */
export function brokenOff(report: ImportReport, cause: BrokenStream): AppError {
  const line = cause.line ?? 1;
  const added = report.added === 1 ? '1 was' : `${report.added} were`;
  const message = `The file ${cause.message} (line ${line}); ${added} added before that, and sending it again is safe`;
  return new AppError('validation_failed', 422, message, { extra: { line }, cause });
}

/** 503 for an import that our side broke off, such as a database that went away. */
export function interrupted(cause: unknown): AppError {
  return unavailable('The import broke off on our side; what was added stays, and sending it again is safe', cause);
}

/** The same failure with the report of what came before it. */
export function withReport(report: ImportReport, { code, status, message, details }: AppError): AppError {
  return new AppError(code, status, message, { ...details, extra: { ...details.extra, ...report } });
}
