import { readFileSync, writeFileSync } from 'node:fs';
import { document } from '../src/openapi.js';
import { mounts } from '../src/routes/index.js';
import { collectionOf } from './postman/collection.js';

/** Where the collection is kept. */
const FILE = new URL('../docs/postman/power-mta-hub.postman_collection.json', import.meta.url);

// `npm run postman` writes the collection, `npm run postman -- --check` ends with 1 when it is another one.
const made = `${JSON.stringify(collectionOf(document(mounts)), null, 2)}\n`;
if (!process.argv.includes('--check')) writeFileSync(FILE, made);
else if (readFileSync(FILE, 'utf8') !== made) {
  process.stderr.write('docs/postman is not what the API is: npm run postman\n');
  process.exitCode = 1;
}
