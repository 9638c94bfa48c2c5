import { GetAccountCommand } from '@aws-sdk/client-sesv2';
import type { Administration } from '../../ses/administration.js';
import { ask, type Finding, ok, problem, warning } from './finding.js';

/** From this share of the 24 hours on, it is said that they are nearly used up. */
const NEARLY = 0.9;

/** Sandbox, review and limits of the account, which SES tells in one call of its v2 API. */
export async function checkAccount(account: Administration): Promise<Finding[]> {
  const found: Finding[] = [];
  const state = await ask(found, { check: 'sandbox', action: 'ses:GetAccount' }, () =>
    account.sesV2((client, limit) => client.send(new GetAccountCommand({}), limit)),
  );
  if (!state) return found;
  found.push(
    state.ProductionAccessEnabled
      ? ok('sandbox', 'The account is out of the sandbox')
      : problem(
          'sandbox',
          'The account is in the sandbox: SES sends to verified addresses only, 200 a day',
          'Request production access in the SES console, Account dashboard',
        ),
    state.SendingEnabled
      ? ok('sending_enabled', 'Sending is enabled')
      : problem(
          'sending_enabled',
          'Sending is switched off in the account',
          'Switch it on in the SES console, Account dashboard, once the cause is mended',
        ),
    enforcement(state.EnforcementStatus ?? 'unknown'),
    quota(state.SendQuota),
  );
  return found;
}

/** `HEALTHY`, `PROBATION` or `SHUTDOWN` (Amazon SES API v2, "GetAccount"). */
function enforcement(status: string): Finding {
  const remedy = 'Read what AWS has written to the account, and answer in the SES console, Reputation metrics';
  if (status === 'HEALTHY') return ok('enforcement', 'SES has no complaint about the account');
  if (status === 'PROBATION') return warning('enforcement', 'SES reviews the account', remedy);
  return problem('enforcement', `SES says of the account: ${status}`, remedy);
}

interface Quota {
  Max24HourSend?: number | undefined;
  MaxSendRate?: number | undefined;
  SentLast24Hours?: number | undefined;
}

function quota({ Max24HourSend: max = 0, MaxSendRate: rate = 0, SentLast24Hours: sent = 0 }: Quota = {}): Finding {
  const message = `${rate} messages a second; ${sent} of ${max < 0 ? 'any number' : max} sent in the last 24 hours`;
  if (max < 0 || sent < max * NEARLY) return ok('quota', message);
  const remedy = 'Wait until the 24 hours free some, or request more in the Service Quotas console';
  return sent < max ? warning('quota', message, remedy) : problem('quota', message, remedy);
}
