import type { Business } from '../../models/business.js';
import { getSendQuota } from '../../ses/account.js';
import type { Administration } from '../../ses/administration.js';
import { classify } from '../../ses/errors.js';
import { type Finding, ok, problem, unasked } from './finding.js';

const RECONNECT = 'Connect the account again: PUT /api/business/ses';

/** Whether SES takes the keys now, by the call that proved them: what was true when they were connected may have changed. */
export async function checkCredentials({ sesConfiguration }: Business, account: Administration): Promise<Finding[]> {
  if (!sesConfiguration.verified) return [problem('credentials', 'SES refused the keys', RECONNECT)];
  try {
    await account.ses((client) => getSendQuota(client));
    return [ok('credentials', 'SES takes the keys')];
  } catch (error) {
    const failure = classify(error);
    if (failure.kind !== 'credentials' || failure.code === 'AccessDenied') {
      return [unasked('credentials', error, 'ses:GetSendQuota')];
    }
    return [problem('credentials', `AWS refuses the keys: ${failure.code}: ${failure.message}`, RECONNECT)];
  }
}
