import { z } from 'zod';
import { type ApiKey, KEY_MODES, type Predecessor } from '../models/api-key.js';
import { KEY_PERMISSIONS } from '../permissions.js';
import { FutureDate } from './campaigns.js';
import { line } from './common.js';
import { ById, Id, operation, PageQuery, Pagination, Timestamp } from './operation.js';

export const ApiKeyView = z
  .object({
    id: Id,
    name: z.string(),
    prefix: z.string().meta({ description: 'How the key begins, to tell keys apart', example: 'pmh_live_3kTz' }),
    mode: z.enum(KEY_MODES),
    permissions: z.array(z.enum(KEY_PERMISSIONS)),
    expiresAt: Timestamp.nullable(),
    predecessors: z
      .array(z.object({ prefix: z.string(), until: Timestamp }))
      .meta({ description: 'The keys before its rotations that still work, the latest first' }),
    lastUsed: Timestamp.nullable().meta({ description: 'To the minute; of a predecessor, too' }),
    createdBy: z
      .object({ id: Id, name: z.string().nullable() })
      .meta({ description: 'Who made it; the name is null when he was removed' }),
    createdAt: Timestamp,
  })
  .meta({ id: 'ApiKey' });

const NewApiKey = ApiKeyView.extend({
  key: z.string().meta({ description: 'The key itself: shown here and never again' }),
}).meta({ id: 'NewApiKey' });

export const CreateApiKey = operation({
  summary: 'Make an API key',
  description:
    'Its maker must hold every permission it gets. It is the business’s: it works on when its maker loses a permission or is removed. Not for API keys: 403.',
  body: z.strictObject({
    name: line(200).meta({ example: 'Whisky shop' }),
    mode: z.enum(KEY_MODES).default('live').meta({
      description: 'A `test` key’s messages never reach SES. Until such messages exist, it cannot send campaigns: 403',
    }),
    permissions: z
      .array(z.enum(KEY_PERMISSIONS))
      .min(1, 'must name at least one permission')
      .transform((all) => [...new Set(all)])
      .meta({ example: ['manage_campaigns', 'send_emails', 'view_analytics'] }),
    expiresAt: FutureDate.optional(),
  }),
  status: 201,
  idempotent: true,
  answer: { apiKey: NewApiKey },
});

export const ListApiKeys = operation({
  summary: 'The API keys, newest first',
  query: PageQuery,
  answer: { apiKeys: z.array(ApiKeyView), pagination: Pagination },
});

export const DeleteApiKey = operation({
  summary: 'Delete an API key',
  description: 'It and its predecessors end within a second; then what carries one of them is a 401.',
  params: ById,
  answer: {},
});

export const RotateApiKey = operation({
  summary: 'Replace an API key',
  description:
    'The id, the name, the permissions and `expiresAt` stay. Every key before the new one works for `overlapHours` more, and not longer; 0 ends them at once. Whoever rotates it must hold every permission of the key. 409 `conflict` where it has expired, or where another rotation came first. Not for API keys: 403.',
  params: ById,
  body: z.strictObject({ overlapHours: z.number().min(0).max(168).default(24) }),
  status: 201,
  idempotent: true,
  answer: { apiKey: NewApiKey },
});

/** A key as it can be told apart, without what would let it be used. `makerName`: null when he was removed. */
export function presentApiKey({
  apiKey,
  predecessors,
  makerName,
}: {
  apiKey: ApiKey;
  predecessors: readonly Predecessor[];
  makerName: string | null;
}): z.output<typeof ApiKeyView> {
  return {
    id: String(apiKey._id),
    name: apiKey.name,
    prefix: apiKey.prefix,
    mode: apiKey.mode,
    permissions: apiKey.permissions,
    expiresAt: apiKey.expiresAt?.toISOString() ?? null,
    predecessors: predecessors.map(({ prefix, until }) => ({ prefix, until: until.toISOString() })),
    lastUsed: apiKey.lastUsed?.toISOString() ?? null,
    createdBy: { id: String(apiKey.createdBy), name: makerName },
    createdAt: apiKey.createdAt.toISOString(),
  };
}
