import { GetIdentityNotificationAttributesCommand } from '@aws-sdk/client-ses';
import type { Business, RecordState } from '../../models/business.js';
import { observe } from '../../sending/domains/observe.js';
import { recordsOf } from '../../sending/domains/records.js';
import type { Administration } from '../../ses/administration.js';
import { type IdentityState, readIdentities } from '../../ses/identities.js';
import { ask, type Check, type Finding, ok, problem, warning } from './finding.js';

type Domain = Business['sendingDomains'][number];

/** Each sending domain: what SES says of it, what DNS has at this moment, and whether SES mails bounces as well. */
export async function checkDomains(business: Business, account: Administration): Promise<Finding[]> {
  const { sendingDomains } = business;
  if (sendingDomains.length === 0) {
    return [problem('domains', 'There is no domain to send from', 'Add one: POST /api/business/domains')];
  }
  const found: Finding[] = [];
  const names = sendingDomains.map(({ domain }) => domain);
  const [dns, states] = await Promise.all([
    Promise.all(sendingDomains.map((one) => observe(recordsOf(one, account.region)))),
    ask(found, { check: 'identity', action: 'ses:GetIdentityVerificationAttributes' }, () =>
      readIdentities(account, names),
    ),
  ]);
  sendingDomains.forEach((domain, n) => {
    const records = dns[n] ?? {};
    const state = states?.get(domain.domain);
    if (state) found.push(identity(domain, state), dkim(domain, state, records), mailFrom(domain, state, records));
    found.push(dmarc(domain, records));
  });
  return [...found, ...(await feedback(account, names, Boolean(business.eventWiring?.confirmedAt)))];
}

function identity({ domain, verified, problem: known }: Domain, state: IdentityState): Finding {
  if (state.identity === 'Success' && verified) return ok('identity', 'Proven, and verified by SES', domain);
  const message = known ?? `SES says ${state.identity} of it`;
  const remedy = 'Publish the records of GET /api/business/domains/:id, then POST …/verify';
  return verified ? warning('identity', message, remedy, domain) : problem('identity', message, remedy, domain);
}

function dkim({ domain }: Domain, state: IdentityState, records: Record<string, RecordState>): Finding {
  const isWrong = bad(records, ['dkim1', 'dkim2', 'dkim3']);
  if (state.dkim === 'Success' && !isWrong) return ok('dkim', 'SES signs its mail', domain);
  const message =
    state.dkim === 'Success'
      ? 'SES signs its mail, but DNS lacks some of the three CNAME records: signatures may fail'
      : `SES does not sign its mail (${state.dkim}): Gmail and Yahoo refuse bulk mail without DKIM`;
  const remedy = 'Publish the three CNAME records (purpose: dkim)';
  return state.dkim === 'Success' ? warning('dkim', message, remedy, domain) : problem('dkim', message, remedy, domain);
}

function mailFrom({ domain }: Domain, state: IdentityState, records: Record<string, RecordState>): Finding {
  const isWrong = bad(records, ['mail_from', 'spf']);
  if (state.mailFrom === 'Success' && !isWrong) return ok('mail_from', `Bounces go to ${state.mailFromDomain}`, domain);
  const message = isWrong
    ? `DNS lacks the MX or SPF record of ${state.mailFromDomain ?? 'its MAIL FROM'}, or has another`
    : `SES says ${state.mailFrom} of its MAIL FROM`;
  const remedy =
    'Publish exactly one MX and the TXT record (purpose: mail_from, spf); until then SES uses its own name';
  return warning('mail_from', message, remedy, domain);
}

function dmarc({ domain }: Domain, { dmarc: state }: Record<string, RecordState>): Finding {
  if (state === 'published') return ok('dmarc', 'A DMARC policy holds for it', domain);
  const message =
    state === 'unknown'
      ? 'DNS did not answer in time'
      : 'No DMARC policy holds for it: Gmail and Yahoo want one of bulk senders';
  return warning('dmarc', message, `Publish a TXT record at _dmarc.${domain}, at least "v=DMARC1; p=none;"`, domain);
}

async function feedback(account: Administration, Identities: string[], isWired: boolean): Promise<Finding[]> {
  const found: Finding[] = [];
  const check: Check = 'feedback_forwarding';
  const answer = await ask(found, { check, action: 'ses:GetIdentityNotificationAttributes' }, () =>
    account.ses((client, limit) => client.send(new GetIdentityNotificationAttributesCommand({ Identities }), limit)),
  );
  for (const [domain, { ForwardingEnabled, BounceTopic, ComplaintTopic }] of Object.entries(
    answer?.NotificationAttributes ?? {},
  )) {
    if (BounceTopic || ComplaintTopic) {
      const message = 'The identity has feedback topics of its own, whose notifications carry no tags';
      found.push(warning(check, message, 'Take them away: the configuration set’s destination tells all', domain));
    } else if (ForwardingEnabled && isWired) {
      const message = 'SES mails bounces and complaints to the sender as well';
      found.push(warning(check, message, 'Switch e-mail feedback forwarding off in the SES console', domain));
    } else {
      const message = ForwardingEnabled ? 'SES mails bounces to the sender until events are wired' : 'It is off';
      found.push(ok(check, message, domain));
    }
  }
  return found;
}

/** Whether DNS surely lacks one of these; what it did not answer is no evidence. */
function bad(records: Record<string, RecordState>, keys: readonly string[]): boolean {
  return keys.some((key) => records[key] === 'missing' || records[key] === 'different');
}
