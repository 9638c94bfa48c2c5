/** `npm run sdk:types`: writes the SDK's types anew from the hub's OpenAPI document. A test says when they are not current. */
import { writeFileSync } from 'node:fs';

process.env.NODE_ENV = 'test';
const { generate } = await import('./sdk-types/generate.js');
writeFileSync(new URL('../packages/sdk/src/generated.ts', import.meta.url), await generate());
