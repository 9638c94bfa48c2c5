import { z } from 'zod';
import { DELIVERY_STATUSES, type Delivery } from '../models/delivery.js';
import { searchText, VariablesSchema } from './common.js';
import { ById, Id, operation, PageQuery, Pagination } from './operation.js';

/** Media types of files that are read as they come, in any length. */
export const RECIPIENT_FILES = ['text/csv', 'application/x-ndjson'] as const;

const MAX_RECIPIENTS = 200_000;

/** An address is judged record by record, so here it is a string of any kind. */
const NewRecipient = z
  .strictObject({
    email: z.string().meta({ example: 'Ann Lee <ann@example.com>' }),
    name: z.string().nullish().meta({ example: 'Ann Lee' }),
    variables: VariablesSchema.nullish(),
  })
  .meta({ id: 'NewRecipient' });

export const Rejection = z
  .object({
    line: z.int().meta({ description: 'The line of the file, or the place in `recipients`; both from 1' }),
    email: z.string(),
    reason: z.string(),
  })
  .meta({ id: 'RejectedRecipient' });

export const Recipient = z
  .object({
    id: Id,
    email: z.string(),
    name: z.string().nullable(),
    variables: z.record(z.string(), z.unknown()),
    status: z.enum(DELIVERY_STATUSES),
    attempts: z.int().meta({ description: 'How often SES was asked to send it' }),
    messageId: z.string().nullable().meta({ description: "SES's id of the message" }),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    sentAt: z.iso.datetime().nullable(),
    deliveredAt: z.iso.datetime().nullable(),
    bouncedAt: z.iso.datetime().nullable(),
    complainedAt: z.iso.datetime().nullable(),
    failedAt: z.iso.datetime().nullable(),
    unconfirmedAt: z.iso.datetime().nullable().meta({
      description: 'When it came to be in doubt; it can be retried 15 minutes later',
    }),
    unsubscribedAt: z.iso.datetime().nullable(),
    openedAt: z.iso.datetime().nullable().meta({ description: 'First opened, or a link followed, by a person' }),
    clickedAt: z.iso.datetime().nullable(),
    machineOpenedAt: z.iso.datetime().nullable().meta({
      description: 'First opened by a machine: a mail program’s proxy, a scanner; that says nothing of the person',
    }),
    machineClickedAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Recipient' });

const OneRecipient = z.strictObject({ id: Id, recipientId: Id });

export const AddRecipients = operation({
  summary: 'Add recipients to a campaign that is not launched yet',
  description: [
    'JSON, or a file of any length as `text/csv` or `application/x-ndjson`, uncompressed. The first of equal addresses',
    'wins; letter case makes no difference. A bad record is counted as `invalid` and the first 100 are told in `errors`;',
    '`suppressed` are among the added and will be left out when the campaign is sent.',
    '',
    'A CSV file needs a header row with a column `email` (or `e-mail`, `email address`, in any letter case); a column',
    '`name` is optional, and every other column is a variable: `First Name` is `{{ First_Name }}` in a template, as what',
    'is no letter, digit, `-` or `_` becomes `_`, and a digit at the beginning gets a `_` before it. Columns without a',
    'title and empty cells are left out. Separators are comma, semicolon or tab; the encoding is that of a byte-order',
    "mark, else of `charset` in the Content-Type, else UTF-8 or Windows-1252 by the first letter beyond ASCII. A `'`",
    'before `= + - @` at the beginning of a cell, as the export puts it there, is taken off. Newline-delimited JSON has',
    'an object a line with the fields of the JSON body. A line has at most 64 kB, `variables` at most 16 kB.',
    '',
    'A file that cannot be read on (a quote that never closes, bytes that are not UTF-8 where it began as such, an',
    'overlong line) ends in 422 `validation_failed` with the same report and the `line` where reading stopped. What was',
    'added stays, and sending the file again adds nothing twice. A stream is not subject to `Idempotency-Key`.',
  ].join('\n'),
  params: ById,
  body: z.strictObject({ recipients: z.array(NewRecipient).min(1, 'must not be empty').max(MAX_RECIPIENTS) }),
  bodyLimit: '10mb',
  streams: RECIPIENT_FILES,
  idempotent: true,
  answer: {
    added: z.int(),
    duplicates: z.int(),
    suppressed: z.int(),
    invalid: z.int(),
    errors: z.array(Rejection),
  },
});

export const ListRecipients = operation({
  summary: 'The recipients of a campaign',
  description: 'In the order of their addresses, or with `status` alone in the order in which they are sent.',
  params: ById,
  query: PageQuery.extend({
    status: z.enum(DELIVERY_STATUSES).optional(),
    email: searchText(320).toLowerCase().optional().meta({ description: 'What the address begins with' }),
  }),
  answer: { recipients: z.array(Recipient), pagination: Pagination },
});

export const RemoveRecipient = operation({
  summary: 'Take a recipient out of a campaign that is not launched yet',
  params: OneRecipient,
  answer: {},
});

/** Answers by itself: CSV, not JSON. */
export const ExportRecipients = operation({
  summary: 'The recipients of a campaign as a CSV file',
  description:
    "A stream of `text/csv` in UTF-8 in the order of the addresses: what became of each, then a column a variable. A cell that begins with `= + - @`, TAB or CR gets a leading `'`, which an import takes off again.",
  params: ById,
  answersWith: 'text/csv',
  answer: {},
});

/** What became of a delivery, for whoever reads of it. */
export function presentOutcome(delivery: Delivery) {
  const { error } = delivery;
  return {
    id: delivery._id.toHexString(),
    email: delivery.email,
    status: delivery.status,
    attempts: delivery.attempts,
    messageId: delivery.messageId ?? null,
    error: error ? { code: error.code ?? 'unknown', message: error.message ?? '' } : null,
    sentAt: delivery.sentAt?.toISOString() ?? null,
    deliveredAt: delivery.deliveredAt?.toISOString() ?? null,
    bouncedAt: delivery.bouncedAt?.toISOString() ?? null,
    complainedAt: delivery.complainedAt?.toISOString() ?? null,
    failedAt: delivery.failedAt?.toISOString() ?? null,
    unconfirmedAt: delivery.unconfirmedAt?.toISOString() ?? null,
  };
}

/** A delivery as its campaign's recipient. */
export function presentRecipient(delivery: Delivery): z.output<typeof Recipient> {
  return {
    ...presentOutcome(delivery),
    name: delivery.name ?? null,
    variables: delivery.variables ?? {},
    unsubscribedAt: delivery.unsubscribedAt?.toISOString() ?? null,
    openedAt: delivery.openedAt?.toISOString() ?? null,
    clickedAt: delivery.clickedAt?.toISOString() ?? null,
    machineOpenedAt: delivery.machineOpenedAt?.toISOString() ?? null,
    machineClickedAt: delivery.machineClickedAt?.toISOString() ?? null,
    createdAt: delivery.createdAt.toISOString(),
  };
}
