import { type JsonSchema, resolve } from '../../src/docs/json-schemas.js';
import type { ApiDocument, ApiOperation } from '../../src/openapi.js';
import { singular } from './variables.js';

/** A variable, and the expression of the answer that it is set to. */
export type Store = readonly [variable: string, expression: string];

const SESSION: readonly Store[] = [
  ['token', 'answer.token'],
  ['businessId', "answer.business?.id ?? ''"],
];

/** Sign-ins, and the key that is shown once. Whoever accepts an invitation is somebody else. */
const SPECIAL: Readonly<Record<string, readonly Store[]>> = {
  'POST /api/auth/register': SESSION,
  'POST /api/auth/login': SESSION,
  'POST /api/auth/refresh': [['token', 'answer.token']],
  'POST /api/auth/change-password': [['token', 'answer.token']],
  'POST /api/auth/accept-invitation': [],
  'POST /api/business/api-keys': [
    ['apiKeyId', 'answer.apiKey.id'],
    ['apiKey', 'answer.apiKey.key'],
  ],
  'POST /api/business/api-keys/{id}/rotate': [['apiKey', 'answer.apiKey.key']],
};

/** The properties of what an operation answers when it succeeds. */
function answered({ responses }: ApiOperation, { components: { schemas } }: ApiDocument): [string, JsonSchema][] {
  const success = Object.entries(responses).find(([status]) => status.startsWith('2'))?.[1];
  const schema = success && 'content' in success ? success.content?.['application/json']?.schema : undefined;
  const properties = Object.entries(schema ? (resolve(schema, schemas).properties ?? {}) : {});
  return properties.map(([name, child]) => [name, resolve(child, schemas)]);
}

/** The ids of what the operation makes: what is copied stays the thing that one works with. */
export function madeBy(name: string, operation: ApiOperation, api: ApiDocument): readonly Store[] {
  const special = SPECIAL[name];
  if (special) return special;
  const isMaking = name.startsWith('POST ') && '201' in operation.responses && !name.endsWith('/duplicate');
  const isSending = name === 'POST /api/emails';
  if (!isMaking && !isSending) return [];
  return answered(operation, api).flatMap(([noun, schema]) =>
    schema.properties?.id ? [[`${noun}Id`, `answer.${noun}.id`] as const] : [],
  );
}

/** The id of the first of a list, of things that no operation makes one by one. */
export function listedBy(operation: ApiOperation, api: ApiDocument, wanted: ReadonlySet<string>): readonly Store[] {
  return answered(operation, api).flatMap(([nouns, schema]) => {
    const variable = `${singular(nouns)}Id`;
    return schema.type === 'array' && wanted.has(variable) ? [[variable, `answer.${nouns}[0]?.id ?? ''`] as const] : [];
  });
}

/** The script that holds the status against what is documented, and keeps what the next requests need. */
export function testScript(status: number, stores: readonly Store[]): string[] {
  const test = `pm.test('answers ${status}', () => pm.response.to.have.status(${status}));`;
  if (stores.length === 0) return [test];
  return [
    test,
    `if (pm.response.code === ${status}) {`,
    '  const answer = pm.response.json();',
    ...stores.map(([variable, expression]) => `  pm.collectionVariables.set('${variable}', ${expression});`),
    '}',
  ];
}
