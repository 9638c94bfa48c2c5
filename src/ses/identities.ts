import {
  DeleteIdentityCommand,
  GetIdentityDkimAttributesCommand,
  GetIdentityMailFromDomainAttributesCommand,
  GetIdentityVerificationAttributesCommand,
  SetIdentityMailFromDomainCommand,
  VerifyDomainDkimCommand,
  VerifyDomainIdentityCommand,
} from '@aws-sdk/client-ses';
import { SES_DOMAIN_STATUSES, type SesDomainStatus } from '../models/business.js';
import type { Administration } from './administration.js';

/** What DNS must have for SES to verify a domain. */
export interface IdentityTokens {
  verificationToken: string;
  dkimTokens: string[];
}

/** What SES says of a domain. */
export interface IdentityState {
  identity: SesDomainStatus;
  dkim: SesDomainStatus;
  mailFrom: SesDomainStatus;
  mailFromDomain: string | undefined;
}

/**
 * Has SES verify a domain, sign its mail (Easy DKIM), and use a MAIL FROM below it, or its own where that does not resolve.
 * The same tokens come whenever it is asked again; a verification that failed begins anew.
 * @throws the SDK's error.
 */
export async function ensureIdentity(
  account: Administration,
  domain: string,
  mailFromDomain: string,
): Promise<IdentityTokens> {
  const { VerificationToken } = await account.ses((ses, limit) =>
    ses.send(new VerifyDomainIdentityCommand({ Domain: domain }), limit),
  );
  const { DkimTokens } = await account.ses((ses, limit) =>
    ses.send(new VerifyDomainDkimCommand({ Domain: domain }), limit),
  );
  await account.ses((ses, limit) =>
    ses.send(
      new SetIdentityMailFromDomainCommand({
        Identity: domain,
        MailFromDomain: mailFromDomain,
        BehaviorOnMXFailure: 'UseDefaultValue',
      }),
      limit,
    ),
  );
  if (!VerificationToken || !DkimTokens?.length) throw new Error('SES answered without the tokens of the domain');
  return { verificationToken: VerificationToken, dkimTokens: DkimTokens };
}

/** What SES says of up to a hundred domains, in three calls. @throws the SDK's error. */
export async function readIdentities(
  account: Administration,
  domains: readonly string[],
): Promise<Map<string, IdentityState>> {
  const Identities = [...domains];
  const { VerificationAttributes = {} } = await account.ses((ses, limit) =>
    ses.send(new GetIdentityVerificationAttributesCommand({ Identities }), limit),
  );
  const { DkimAttributes = {} } = await account.ses((ses, limit) =>
    ses.send(new GetIdentityDkimAttributesCommand({ Identities }), limit),
  );
  const { MailFromDomainAttributes = {} } = await account.ses((ses, limit) =>
    ses.send(new GetIdentityMailFromDomainAttributesCommand({ Identities }), limit),
  );
  const states = domains.map((domain) => {
    const mailFrom = MailFromDomainAttributes[domain];
    const state: IdentityState = {
      identity: statusOf(VerificationAttributes[domain]?.VerificationStatus),
      dkim: statusOf(DkimAttributes[domain]?.DkimVerificationStatus),
      mailFrom: mailFrom?.MailFromDomain ? statusOf(mailFrom.MailFromDomainStatus) : 'NotStarted',
      mailFromDomain: mailFrom?.MailFromDomain || undefined,
    };
    return [domain, state] as const;
  });
  return new Map(states);
}

/** Takes the identity out of the account; where there is none, nothing happens. @throws the SDK's error. */
export async function deleteIdentity(account: Administration, domain: string): Promise<void> {
  await account.ses((ses, limit) => ses.send(new DeleteIdentityCommand({ Identity: domain }), limit));
}

/** SES tells nothing of what it does not know. */
function statusOf(text: string | undefined): SesDomainStatus {
  return SES_DOMAIN_STATUSES.find((status) => status === text) ?? 'NotStarted';
}

/** Regions whose DKIM keys lie under a name of their own (AWS General Reference, "Amazon SES endpoints", "DKIM domains"). */
const OWN_DKIM_ZONE: ReadonlySet<string> = new Set([
  'af-south-1',
  'ap-northeast-3',
  'ap-south-2',
  'ap-southeast-3',
  'ap-southeast-5',
  'ca-west-1',
  'eu-central-2',
  'eu-south-1',
  'il-central-1',
  'me-central-1',
  'us-gov-east-1',
]);

/** Where the DKIM keys of a region lie. */
export function dkimZone(region: string): string {
  return OWN_DKIM_ZONE.has(region) ? `dkim.${region}.amazonses.com` : 'dkim.amazonses.com';
}

/** Where bounces to a MAIL FROM domain go (Amazon SES Developer Guide, "Using a custom MAIL FROM domain"). */
export function feedbackHost(region: string): string {
  return `feedback-smtp.${region}.amazonses.com`;
}
