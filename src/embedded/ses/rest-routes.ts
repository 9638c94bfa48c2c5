import { z } from 'zod';
import { parseAddress } from './addresses.js';
import { SesError } from './errors.js';
import type { RestOperation } from './rest-api.js';
import { SUPPRESSION_REASONS, type SuppressedAddress } from './suppression-list.js';

const Suppression = z.object({ EmailAddress: z.string(), Reason: z.enum(SUPPRESSION_REASONS) });
const ListQuery = z.object({
  Reason: z.array(z.enum(SUPPRESSION_REASONS)),
  StartDate: z.coerce.date().nullable(),
  EndDate: z.coerce.date().nullable(),
  NextToken: z.coerce.number().int().min(0).nullable(),
  PageSize: z.coerce.number().int().min(1).max(1000).nullable(),
});

/** The operations of SES v2: method and path; a path that ends with a slash takes one more part behind it. */
export const REST_ROUTES: Readonly<Record<string, RestOperation>> = {
  'GET /v2/email/account': {
    action: 'GetAccount',
    perform: ({ account: { settings, limits } }) => ({
      DedicatedIpAutoWarmupEnabled: false,
      EnforcementStatus: settings.enforcementStatus,
      ProductionAccessEnabled: !settings.sandbox,
      SendingEnabled: settings.sendingEnabled,
      SendQuota: {
        Max24HourSend: settings.max24HourSend,
        MaxSendRate: settings.maxSendRate,
        SentLast24Hours: limits.sentLast24Hours(),
      },
      SuppressionAttributes: { SuppressedReasons: settings.suppressedReasons },
    }),
  },

  'PUT /v2/email/suppression/addresses': {
    action: 'PutSuppressedDestination',
    perform: ({ account, body, now }) => {
      const { EmailAddress, Reason } = read(Suppression, body);
      account.suppression.put({ address: addressOf(EmailAddress), reason: Reason, updatedAt: now });
      return {};
    },
  },

  'GET /v2/email/suppression/addresses': {
    action: 'ListSuppressedDestinations',
    perform: ({ account, query }) => {
      const asked = read(ListQuery, {
        Reason: query.getAll('Reason'),
        StartDate: query.get('StartDate'),
        EndDate: query.get('EndDate'),
        NextToken: query.get('NextToken'),
        PageSize: query.get('PageSize'),
      });
      const listed = account.suppression.list().filter(({ reason, updatedAt }) => {
        if (asked.Reason.length > 0 && !asked.Reason.includes(reason)) return false;
        return updatedAt >= (asked.StartDate?.getTime() ?? 0) && updatedAt <= (asked.EndDate?.getTime() ?? Infinity);
      });
      const start = asked.NextToken ?? 0;
      const end = start + (asked.PageSize ?? 1000);
      return {
        SuppressedDestinationSummaries: listed.slice(start, end).map(present),
        ...(end < listed.length && { NextToken: String(end) }),
      };
    },
  },

  'GET /v2/email/suppression/addresses/': {
    action: 'GetSuppressedDestination',
    perform: ({ account, rest }) => {
      const suppressed = account.suppression.find(rest);
      if (!suppressed) throw notListed(rest);
      return { SuppressedDestination: { ...present(suppressed), Attributes: {} } };
    },
  },

  'DELETE /v2/email/suppression/addresses/': {
    action: 'DeleteSuppressedDestination',
    perform: ({ account, rest }) => {
      if (!account.suppression.delete(rest)) throw notListed(rest);
      return {};
    },
  },
};

/** Dates of this protocol are seconds since 1970. */
function present({ address, reason, updatedAt }: SuppressedAddress) {
  return { EmailAddress: address, Reason: reason, LastUpdateTime: updatedAt / 1000 };
}

function notListed(address: string): SesError {
  return new SesError('NotFoundException', `Email address ${address} does not exist on your suppression list.`, 404);
}

function addressOf(text: string): string {
  try {
    return parseAddress(text);
  } catch {
    throw new SesError('BadRequestException', `Email address ${text} is not valid.`);
  }
}

/** @throws SesError BadRequestException */
function read<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (!result.success) throw new SesError('BadRequestException', z.prettifyError(result.error));
  return result.data;
}
