/** Writes examples/recipients.csv anew: `node --import tsx scripts/quickstart/write-example.ts`. */
import { writeFileSync } from 'node:fs';
import { EXAMPLE_FILE, EXAMPLE_LINES } from './audience.js';
import { recipientLines } from './people.js';

writeFileSync(EXAMPLE_FILE, [...recipientLines(EXAMPLE_LINES)].join(''));
