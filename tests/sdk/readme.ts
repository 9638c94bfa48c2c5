import { readFileSync } from 'node:fs';

const readme = readFileSync(new URL('../../packages/sdk/README.md', import.meta.url), 'utf8');

/** The examples of the SDK's README, word by word, in their order. */
export const EXAMPLES: readonly string[] = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code = '']) => code);
