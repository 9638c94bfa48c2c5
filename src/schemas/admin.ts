import { z } from 'zod';
import { BUSINESS_STATUSES, type Business } from '../models/business.js';
import { PLANS } from '../plans.js';
import type { Usage } from '../sending/limits/usage.js';
import { NewPassword, SessionUser } from './auth.js';
import { BusinessView, presentBusiness } from './businesses.js';
import { Domain, Email, line, searchText } from './common.js';
import { ById, operation, PageQuery, Pagination } from './operation.js';

const AdminBusinessView = BusinessView.extend({
  usage: z
    .object({
      period: z.string().meta({ description: 'The calendar month in the business’s timezone', example: '2026-12' }),
      limit: z.int(),
      used: z.int().meta({ description: 'Sent, or perhaps sent' }),
      reserved: z.int().meta({ description: 'Taken for what is being sent just now' }),
      remaining: z.int(),
    })
    .meta({ description: 'Of the present month' }),
}).meta({ id: 'AdminBusiness' });

const Subscription = z.strictObject({
  plan: z.enum(PLANS).optional().meta({ example: 'pro' }),
  emailsPerMonth: z.number().int().min(0).max(1_000_000_000).optional().meta({ example: 50_000 }),
});

export const AdminListBusinesses = operation({
  summary: 'List businesses, newest first',
  query: PageQuery.extend({
    search: searchText(200)
      .optional()
      .meta({ description: 'The beginning of a name or a domain, whatever its case and accents' }),
    status: z.enum(BUSINESS_STATUSES).optional(),
    plan: z.enum(PLANS).optional(),
  }),
  answer: { businesses: z.array(AdminBusinessView), pagination: Pagination },
});

export const AdminCreateBusiness = operation({
  summary: 'Make a business and its first administrator',
  description:
    'Whatever REGISTRATION is. The plan is `free` unless one is named, and brings its own `emailsPerMonth` unless one is given. The administrator signs in with the password; 409 `conflict` where the address has an account.',
  body: z.strictObject({
    name: line(200).meta({ example: 'Whisky Ltd' }),
    domain: Domain,
    subscription: Subscription.optional(),
    admin: z.strictObject({ email: Email, name: line(200).meta({ example: 'Ann Lee' }), password: NewPassword }),
  }),
  status: 201,
  idempotent: true,
  answer: { business: AdminBusinessView, user: SessionUser },
});

export const AdminGetBusiness = operation({
  summary: 'A business, by its id',
  params: ById,
  answer: { business: AdminBusinessView },
});

export const AdminUpdateBusiness = operation({
  summary: 'Set a business’s plan and limit, suspend, cancel or reactivate it',
  description:
    'A plan brings its own `emailsPerMonth` unless one is given. Whoever belongs to a business that is not active gets ' +
    '403 `business_inactive`; its running campaigns pause within a second, with the same word, and go on by themselves when it is ' +
    'active again. Scheduled ones wait for that, up to six hours past their time; then they are withheld.',
  params: ById,
  body: z.strictObject({ subscription: Subscription.optional(), status: z.enum(BUSINESS_STATUSES).optional() }),
  answer: { business: AdminBusinessView },
});

export const AdminResetQuota = operation({
  summary: 'Begin a business’s month anew',
  description:
    'Of the month only what is being sent just now still counts. Campaigns that the month’s limit had paused go on. Daily caps stay.',
  params: ById,
  answer: { business: AdminBusinessView },
});

export type AdminBusinessChanges = z.output<(typeof AdminUpdateBusiness)['body']>;

/** A business as an administrator of the hub sees it: with its month, and no secret. */
export function presentOverview({
  usage,
  ...shown
}: {
  business: Business;
  webhookUrl: string | undefined;
  usage: Usage;
}) {
  const { period, limit, used, reserved } = usage;
  return {
    ...presentBusiness(shown),
    usage: { period, limit, used, reserved, remaining: Math.max(0, limit - used - reserved) },
  };
}
