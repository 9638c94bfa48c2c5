import type { Account } from './accounts.js';
import { SesError } from './errors.js';
import type { QueryRequest } from './query-protocol.js';

/** What somebody asks to do, as IAM sees it. */
export interface Access {
  service: 'ses' | 'sns';
  action: string;
  /** The ARN that it is about, or `*`. */
  resource: string;
}

/**
 * Refuses what the account's `deniedActions` name, in the words of the service.
 * @throws SesError AccessDenied of SES, AuthorizationError of SNS
 */
export function checkPermission({ accessKeyId, accountId, settings }: Account, access: Access): void {
  const { service, action, resource } = access;
  const { deniedActions } = settings;
  if (deniedActions.length === 0) return;
  if (!deniedActions.some((denied) => matches(`${service}:${action}`, denied))) return;
  const user = `arn:aws:iam::${accountId}:user/${accessKeyId}`;
  if (service === 'sns') {
    throw new SesError('AuthorizationError', sentence(user, `SNS:${action}`, resource), 403);
  }
  const message = action.startsWith('Send')
    ? `User \`${user}' is not authorized to perform \`ses:${action}' on resource \`${resource}'`
    : sentence(user, `ses:${action}`, resource);
  throw new SesError('AccessDenied', message, 403);
}

/** The ARN that an action of the Query protocol is about. */
export function resourceOf(service: 'ses' | 'sns', request: QueryRequest, { accountId }: Account, region: string) {
  if (service === 'sns') {
    const arn = request.get('TopicArn') ?? request.get('SubscriptionArn');
    return arn?.split(':').slice(0, 6).join(':') ?? `arn:aws:sns:${region}:${accountId}:${request.get('Name') ?? '*'}`;
  }
  const ofSes = `arn:aws:ses:${region}:${accountId}`;
  const sender = /@([^>]+)/.exec(request.get('Source') ?? '')?.[1];
  if (sender) return `${ofSes}:identity/${sender}`;
  const set = request.get('ConfigurationSetName') ?? request.get('ConfigurationSet.Name');
  if (set) return `${ofSes}:configuration-set/${set}`;
  const identity = request.get('Identity') ?? request.get('Domain') ?? request.get('EmailAddress');
  return identity ? `${ofSes}:identity/${identity}` : '*';
}

function sentence(user: string, action: string, resource: string): string {
  return `User: ${user} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`;
}

/** As in a policy: a `*` at the end stands for anything. */
function matches(action: string, denied: string): boolean {
  const [wanted, asked] = [denied.toLowerCase(), action.toLowerCase()];
  return wanted.endsWith('*') ? asked.startsWith(wanted.slice(0, -1)) : asked === wanted;
}
