import { z } from 'zod';
import { type ApiKey, KEY_MODES } from '../models/api-key.js';
import { KEY_PERMISSIONS } from '../permissions.js';
import { line } from './common.js';
import { ById, Id, operation, PageQuery, Pagination, Timestamp } from './operation.js';

export const ApiKeyView = z
  .object({
    id: Id,
    name: z.string(),
    prefix: z.string().meta({ description: 'How the key begins, to tell keys apart', example: 'pmh_live_3kTz' }),
    mode: z.enum(KEY_MODES),
    permissions: z.array(z.enum(KEY_PERMISSIONS)),
    lastUsed: Timestamp.nullable().meta({ description: 'To the minute' }),
    createdAt: Timestamp,
  })
  .meta({ id: 'ApiKey' });

export const CreateApiKey = operation({
  summary: 'Make an API key',
  description: 'Its maker must hold every permission it gets. Not for API keys: 403.',
  body: z.strictObject({
    name: line(200),
    permissions: z
      .array(z.enum(KEY_PERMISSIONS))
      .min(1, 'must name at least one permission')
      .transform((all) => [...new Set(all)]),
  }),
  status: 201,
  idempotent: true,
  answer: {
    apiKey: ApiKeyView.extend({
      key: z.string().meta({ description: 'The key itself: shown here and never again' }),
    }).meta({ id: 'NewApiKey' }),
  },
});

export const ListApiKeys = operation({
  summary: 'The API keys, newest first',
  query: PageQuery,
  answer: { apiKeys: z.array(ApiKeyView), pagination: Pagination },
});

export const DeleteApiKey = operation({
  summary: 'Delete an API key',
  description: 'The next request that carries it is a 401.',
  params: ById,
  answer: {},
});

/** A key as it can be told apart, without what would let it be used. */
export function presentApiKey(apiKey: ApiKey): z.output<typeof ApiKeyView> {
  return {
    id: String(apiKey._id),
    name: apiKey.name,
    prefix: apiKey.prefix,
    mode: apiKey.mode,
    permissions: apiKey.permissions,
    lastUsed: apiKey.lastUsed?.toISOString() ?? null,
    createdAt: apiKey.createdAt.toISOString(),
  };
}
