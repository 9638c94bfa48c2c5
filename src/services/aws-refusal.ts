import { AppError, unavailable } from '../errors.js';
import { denialOf } from '../ses/administration.js';
import { classify } from '../ses/errors.js';

/**
 * What a person is told when AWS refuses a call that administers his account: the statement that his policy lacks, what AWS
 * says, or that it does not answer.
 * @param action what was tried, as IAM names it: `ses:VerifyDomainIdentity`.
 */
export function awsRefusal(error: unknown, action: string): AppError {
  if (error instanceof AppError) return error;
  const denial = denialOf(error, action);
  if (denial) {
    const statement = { Effect: 'Allow', Action: denial.action, Resource: denial.resource };
    const message = `The account’s keys may not ${denial.action}; add this statement to their IAM policy: ${JSON.stringify(statement)}`;
    return new AppError('validation_failed', 422, message, {
      errors: [{ path: '', message }],
      extra: { missingPermission: statement },
    });
  }
  const failure = classify(error);
  switch (failure.kind) {
    case 'credentials':
    case 'account':
    case 'rejected': {
      const message = `AWS refuses ${action}: ${failure.code}: ${failure.message}`;
      return new AppError('validation_failed', 422, message, { errors: [{ path: '', message }] });
    }
    default:
      return unavailable('AWS does not answer right now; what was done is kept, try again', error);
  }
}
