import type { Account } from './accounts.js';
import type { Action } from './action.js';
import { invalidParameter } from './errors.js';
import type { Identity, IdentityStatus } from './identities.js';
import { required } from './parameters.js';
import { element, entryMap, memberList, type QueryRequest } from './query-protocol.js';

/** The actions of SES v1 about account and identities, and the one of STS, by their names. */
export const ACCOUNT_ACTIONS: Readonly<Record<string, Action>> = {
  GetCallerIdentity: ({ accountId, accessKeyId }) =>
    element('Arn', `arn:aws:iam::${accountId}:user/${accessKeyId}`) +
    element('UserId', accessKeyId) +
    element('Account', accountId),

  GetSendQuota: ({ settings, limits }) =>
    element('Max24HourSend', settings.max24HourSend) +
    element('MaxSendRate', settings.maxSendRate) +
    element('SentLast24Hours', limits.sentLast24Hours()),

  GetAccountSendingEnabled: ({ settings }) => element('Enabled', settings.sendingEnabled),

  UpdateAccountSendingEnabled: ({ settings }, request) => {
    settings.sendingEnabled = request.get('Enabled') === 'true';
    return '';
  },

  VerifyDomainIdentity: (account, request) => {
    const identity = account.identities.ensure(required(request, 'Domain'), firstStatus(account));
    return element('VerificationToken', identity.verificationToken);
  },

  VerifyEmailIdentity: (account, request) => {
    account.identities.ensure(required(request, 'EmailAddress'), firstStatus(account));
    return '';
  },

  VerifyDomainDkim: (account, request) => {
    const identity = account.identities.ensure(required(request, 'Domain'), firstStatus(account));
    if (identity.dkimStatus === 'NotStarted') identity.dkimStatus = firstStatus(account);
    return memberList('DkimTokens', identity.dkimTokens);
  },

  SetIdentityMailFromDomain: (account, request) => {
    const identity = existing(account, request);
    identity.mailFromDomain = request.get('MailFromDomain') || undefined;
    identity.mailFromStatus = firstStatus(account);
    identity.mailFromOnFailure = request.get('BehaviorOnMXFailure') ?? 'UseDefaultValue';
    return '';
  },

  SetIdentityFeedbackForwardingEnabled: (account, request) => {
    existing(account, request).isForwardingFeedback = request.get('ForwardingEnabled') === 'true';
    return '';
  },

  GetIdentityVerificationAttributes: describe('VerificationAttributes', ({ status, isDomain, verificationToken }) =>
    element('VerificationStatus', status) + (isDomain ? element('VerificationToken', verificationToken) : '')),

  GetIdentityDkimAttributes: describe('DkimAttributes', ({ dkimStatus, dkimTokens }) =>
    element('DkimEnabled', dkimStatus !== 'NotStarted') +
    element('DkimVerificationStatus', dkimStatus) +
    (dkimStatus === 'NotStarted' ? '' : memberList('DkimTokens', dkimTokens))),

  GetIdentityMailFromDomainAttributes: describe('MailFromDomainAttributes', (identity) =>
    element('MailFromDomain', identity.mailFromDomain ?? '') +
    element('MailFromDomainStatus', identity.mailFromStatus) +
    element('BehaviorOnMXFailure', identity.mailFromOnFailure)),

  GetIdentityNotificationAttributes: describe('NotificationAttributes', ({ isForwardingFeedback }) =>
    element('BounceTopic', '') +
    element('ComplaintTopic', '') +
    element('DeliveryTopic', '') +
    element('ForwardingEnabled', isForwardingFeedback)),

  ListIdentities: ({ identities }, request) => {
    const type = request.get('IdentityType');
    const names = identities
      .list()
      .filter(({ isDomain }) => type === undefined || (type === 'Domain') === isDomain)
      .map(({ name }) => name);
    const start = Number(request.get('NextToken') ?? 0);
    const end = start + Number(request.get('MaxItems') ?? 1000);
    return memberList('Identities', names.slice(start, end)) + (end < names.length ? element('NextToken', end) : '');
  },

  DeleteIdentity: ({ identities }, request) => {
    identities.delete(required(request, 'Identity'));
    return '';
  },
};

/** An action that answers an entry for each known one of the identities asked about. */
function describe(name: string, entry: (identity: Identity) => string): Action {
  return ({ identities }, request) => {
    const entries = new Map<string, string>();
    for (const asked of request.list('Identities')) {
      const identity = identities.get(asked);
      if (identity) entries.set(asked, entry(identity));
    }
    return entryMap(name, entries);
  };
}

function firstStatus({ settings }: Account): IdentityStatus {
  return settings.autoVerify ? 'Success' : 'Pending';
}

function existing({ identities }: Account, request: QueryRequest): Identity {
  const name = required(request, 'Identity');
  const identity = identities.get(name);
  if (!identity) throw invalidParameter(`Identity <${name}> does not exist.`);
  return identity;
}
