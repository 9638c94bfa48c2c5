import { z } from 'zod';
import {
  DOMAIN_PROOFS,
  DOMAIN_STATUSES,
  RECORD_STATES,
  type RecordState,
  SES_DOMAIN_STATUSES,
  type SendingDomain,
} from '../models/business.js';
import { RECORD_PURPOSES, recordsOf } from '../sending/domains/records.js';
import { Domain } from './common.js';
import { ById, Id, operation, Timestamp } from './operation.js';

const RecordView = z
  .object({
    type: z.enum(['TXT', 'CNAME', 'MX']),
    name: z.string(),
    value: z.string(),
    priority: z.int().optional().meta({ description: 'Of an MX' }),
    purpose: z.enum(RECORD_PURPOSES).meta({
      description:
        '`proof`: that the domain is yours; `identity` and `dkim`: SES verifies by either, and signs by `dkim`; `mail_from` and `spf`: where bounces go; `dmarc`: receivers of bulk mail ask for it, an existing one is as good',
    }),
    state: z.enum(RECORD_STATES).meta({ description: 'What DNS said at the last check' }),
  })
  .meta({ id: 'DnsRecord', description: 'A record to publish in DNS' });

const SesStatus = z.enum(SES_DOMAIN_STATUSES);

export const SendingDomainView = z
  .object({
    id: Id,
    domain: z.string(),
    status: z.enum(DOMAIN_STATUSES),
    verified: z.boolean().meta({ description: 'Messages may be sent from it, and from what lies below it' }),
    problem: z.string().nullable().meta({
      description: 'What stands in the way. Of a verified one a warning: when it stays so, the domain fails',
    }),
    proof: z.object({ by: z.enum(DOMAIN_PROOFS), at: Timestamp }).nullable(),
    ses: z
      .object({ identity: SesStatus, dkim: SesStatus, mailFrom: SesStatus })
      .meta({ description: 'What SES said at the last check' }),
    mailFromDomain: z.string().nullable(),
    records: z.array(RecordView),
    checkedAt: Timestamp.nullable(),
    nextCheckAt: Timestamp.nullable(),
    verifiedAt: Timestamp.nullable(),
    createdAt: Timestamp,
  })
  .meta({ id: 'SendingDomain' });

export const ListDomains = operation({
  summary: 'The domains that the business sends from',
  description: 'All of them: there are at most 100.',
  answer: { domains: z.array(SendingDomainView) },
});

export const AddDomain = operation({
  summary: 'Add a domain to send from',
  description:
    'SES makes its identity, with DKIM and a MAIL FROM. Publish the `records` that come back: they are looked for in the background, and `domain.verified` tells when the domain may be used. It belongs to the business once it is proven, with what lies above and below it; 409 `conflict` where it is another one’s. What the account’s keys may not do is a 422 with `missingPermission`, the statement that their IAM policy lacks.',
  body: z.strictObject({
    domain: Domain,
    mailFromSubdomain: z
      .string()
      .toLowerCase()
      .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be one label of a host name, such as bounce')
      .default('bounce')
      .meta({ description: 'Where bounces go: a name below the domain that is used for nothing else' }),
  }),
  status: 201,
  idempotent: true,
  answer: { domain: SendingDomainView },
});

export const GetDomain = operation({
  summary: 'A domain, its records and how far it is',
  params: ById,
  answer: { domain: SendingDomainView },
});

export const VerifyDomain = operation({
  summary: 'Look at once whether a domain is proven and verified',
  description:
    'A verification that SES has given up begins anew. It takes some seconds: SES answers one call a second.',
  params: ById,
  answer: { domain: SendingDomainView },
});

export const ProveDomain = operation({
  summary: 'Vouch for a domain',
  description: 'For a super_admin, who acts with X-Business-Id: his word stands for the record in DNS, and is logged.',
  params: ById,
  answer: { domain: SendingDomainView },
});

export const DeleteDomain = operation({
  summary: 'Give a domain up',
  description:
    'Nothing more is sent from it; campaigns under way from it pause. SES keeps the identity unless told otherwise.',
  params: ById,
  query: z.strictObject({
    deleteIdentity: z
      .enum(['true', 'false'])
      .default('false')
      .transform((text) => text === 'true')
      .meta({ description: 'Delete the identity in the SES account, too' }),
  }),
  answer: {},
});

/** A domain for its reader, with the records of its account's region. */
export function presentDomain(domain: SendingDomain, region: string): z.output<typeof SendingDomainView> {
  const states = domain.records as Record<string, RecordState> | null | undefined;
  const iso = (date: Date | null | undefined) => date?.toISOString() ?? null;
  return {
    id: domain._id.toHexString(),
    domain: domain.domain,
    status: domain.status,
    verified: domain.verified,
    problem: domain.problem ?? null,
    proof: domain.proof ? { by: domain.proof.by, at: domain.proof.at.toISOString() } : null,
    ses: { identity: domain.identity, dkim: domain.dkim, mailFrom: domain.mailFrom },
    mailFromDomain: domain.mailFromDomain ?? null,
    records: recordsOf(domain, region).map(({ key, ...record }) => ({
      ...record,
      state: states?.[key] ?? 'unknown',
    })),
    checkedAt: iso(domain.checkedAt),
    nextCheckAt: iso(domain.nextCheckAt),
    verifiedAt: iso(domain.verifiedAt),
    createdAt: domain.createdAt.toISOString(),
  };
}
