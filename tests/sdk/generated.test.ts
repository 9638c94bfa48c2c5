import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { generate } from '../../scripts/sdk-types/generate.js';

it('has the types of the present OpenAPI document: else run `npm run sdk:types`', async () => {
  const written = readFileSync(new URL('../../packages/sdk/src/generated.ts', import.meta.url), 'utf8');
  expect(written).toBe(await generate());
});
