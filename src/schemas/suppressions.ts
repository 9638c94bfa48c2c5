import { z } from 'zod';
import { SUPPRESSION_REASONS, type Suppression } from '../models/suppression.js';
import { ACCOUNT_LIST_STATES, type AccountList } from '../ses/suppression-list.js';
import { Email, searchText } from './common.js';
import { ById, Id, operation, PageQuery, Pagination } from './operation.js';
import { RECIPIENT_FILES, Rejection } from './recipients.js';

const Reason = z.enum(SUPPRESSION_REASONS).meta({
  description:
    '`unsubscribed` blocks campaigns only; `bounced`, `complained` and `manual` block every message. An address has each at most once',
});

const SuppressionView = z
  .object({
    id: Id,
    email: z.string(),
    reasons: z.array(
      z.object({
        reason: Reason,
        source: z.string().meta({
          description:
            'Who said so: `link:<delivery>` its recipient, `ses:<delivery>` an event of SES, `soft-bounces`, `user:<id>`, `key:<id>`',
        }),
        at: z.iso.datetime(),
      }),
    ),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Suppression' });

export const ListSuppressions = operation({
  summary: 'The addresses that get no mail, newest first',
  query: PageQuery.extend({
    reason: z.enum(SUPPRESSION_REASONS).optional(),
    email: searchText(320).toLowerCase().optional().meta({ description: 'What the address begins with' }),
  }),
  answer: { suppressions: z.array(SuppressionView), pagination: Pagination },
});

export const AddSuppression = operation({
  summary: 'Write to an address no more',
  description: 'Any number of times; an address that is there for the same reason stays as it is.',
  body: z.strictObject({ email: Email, reason: Reason.default('manual') }),
  status: 201,
  idempotent: true,
  answer: { suppression: SuppressionView },
});

const AccountListView = z
  .object({
    state: z.enum(ACCOUNT_LIST_STATES).meta({
      description:
        '`cleared`: it was there, and is no more; `not_listed`: it was not there; `not_asked`: SES need not, or cannot, be asked; `failed`: it may still be there',
    }),
    message: z.string().nullable().meta({ description: 'Why not, and what is missing; for a person' }),
  })
  .meta({ id: 'SesSuppressionList' });

export const RemoveSuppression = operation({
  summary: 'Take an address off the list, or one of its reasons',
  description:
    'SES keeps a list of its own, of the account, on which it puts what bounced or was complained of. When the last of these two reasons is taken back, the address is taken off that list as well, if the business’s keys may do so (`ses:DeleteSuppressedDestination`); `sesList` says what became of it. The address is off the hub’s list in any case.',
  params: ById,
  query: z.strictObject({ reason: z.enum(SUPPRESSION_REASONS).optional() }),
  answer: { sesList: AccountListView },
});

export const ImportSuppressions = operation({
  summary: 'Put many addresses on the list',
  description:
    'JSON, or a file of any length as `text/csv` (a column `email`; others are left out) or `application/x-ndjson`. What was added stays when a file cannot be read on; sending it again is safe.',
  query: z.strictObject({ reason: Reason.default('manual') }),
  body: z.strictObject({
    suppressions: z
      .array(z.strictObject({ email: z.string().meta({ example: 'gone@example.com' }) }))
      .min(1, 'must not be empty')
      .max(200_000),
  }),
  bodyLimit: '10mb',
  streams: RECIPIENT_FILES,
  idempotent: true,
  answer: {
    added: z.int(),
    known: z.int().meta({ description: 'Were there already, or twice in the file' }),
    invalid: z.int(),
    errors: z.array(Rejection).meta({ description: 'The first 100 of the invalid' }),
  },
});

/** A row of the list for its reader. */
export function presentSuppression({ _id, email, reasons, createdAt }: Suppression): z.output<typeof SuppressionView> {
  return {
    id: _id.toHexString(),
    email,
    reasons: reasons.map(({ reason, source, at }) => ({ reason, source, at: at.toISOString() })),
    createdAt: createdAt.toISOString(),
  };
}

export const presentAccountList = ({ state, message }: AccountList): z.output<typeof AccountListView> => ({
  state,
  message: message ?? null,
});
