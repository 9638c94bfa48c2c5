import { z } from 'zod';
import { AUDIT_OUTCOMES, type AuditEntry } from '../models/audit-entry.js';
import { Id, operation, PageQuery, Pagination, Timestamp } from './operation.js';

const OUTCOMES = [
  '`done`',
  '`refused`: nothing was done',
  '`failed`: by an error of the hub’s own, after which a part of it may have been done',
  '`begun`: it is under way, or its process died before it could say more, and it may have been done',
].join('; ');

const AuditEntryView = z
  .object({
    id: Id,
    at: z.iso.datetime(),
    actor: z
      .object({ id: Id.nullable(), email: z.string() })
      .meta({ description: 'As the person was called then. Without an id, the command of the hub’s own machine' }),
    action: z.string().meta({ example: 'business.update' }),
    business: Id.nullable(),
    detail: z.record(z.string(), z.unknown()).nullable(),
    requestId: z.string().nullable(),
    outcome: z.enum(AUDIT_OUTCOMES).meta({ description: OUTCOMES }),
  })
  .meta({ id: 'AuditEntry' });

const instant = Timestamp.transform((text) => new Date(text));

export const ListAudit = operation({
  summary: 'What administrators of the hub did, newest first',
  description:
    'All that changes something: what is done here, within a business (`tenant.` and the route), and by the commands of the hub’s machine. An act is written before it is done.',
  query: PageQuery.extend({
    business: Id.optional(),
    actor: Id.optional(),
    action: z
      .string()
      .min(1)
      .max(200)
      .regex(/^[^\p{Cc}\p{Cs}*]*\*?$/u, 'must be an action, or the beginning of some with * after it')
      .optional()
      .meta({ description: 'An action, or with `*` at its end all that begin so', example: 'business.*' }),
    from: instant.optional().meta({ description: 'From this moment on' }),
    to: instant.optional().meta({ description: 'Before this moment' }),
  }),
  answer: { entries: z.array(AuditEntryView), pagination: Pagination },
});

export function presentAuditEntry(entry: AuditEntry): z.output<typeof AuditEntryView> {
  const { _id, createdAt, actor, actorEmail, action, business, detail, requestId, outcome } = entry;
  return {
    id: String(_id),
    at: createdAt.toISOString(),
    actor: { id: actor?.toHexString() ?? null, email: actorEmail },
    action,
    business: business?.toHexString() ?? null,
    detail: detail ?? null,
    requestId: requestId ?? null,
    outcome,
  };
}
