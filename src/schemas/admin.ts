import { z } from 'zod';
import { BUSINESS_STATUSES } from '../models/business.js';
import { PLANS } from '../plans.js';
import { BusinessView } from './businesses.js';
import { ById, operation } from './operation.js';

export const AdminGetBusiness = operation({
  summary: 'A business, by its id',
  params: ById,
  answer: { business: BusinessView },
});

export const AdminUpdateBusiness = operation({
  summary: 'Set a business’s plan and limit, suspend or reactivate it',
  description:
    'A plan brings its own `emailsPerMonth` unless one is given. Whoever belongs to a business that is not active gets ' +
    '403 `business_inactive`.',
  params: ById,
  body: z.strictObject({
    subscription: z
      .strictObject({
        plan: z.enum(PLANS).optional(),
        emailsPerMonth: z.number().int().min(0).max(1_000_000_000).optional(),
      })
      .optional(),
    status: z.enum(BUSINESS_STATUSES).optional(),
  }),
  answer: { business: BusinessView },
});

export type AdminBusinessChanges = z.output<(typeof AdminUpdateBusiness)['body']>;
