import { parseArgs } from 'node:util';

const USAGE = `Shows a campaign going out, from nothing: a MongoDB, a Redis, a local SES, the API and a worker.

  npm run quickstart [-- [--once] [--recipients <number>]]

  --once            end when everybody is accounted for; 0 only if the ledger and the inbox agree
  --recipients <n>  make a list of so many lines (1 to 1,000,000) instead of examples/recipients.csv
MONGODB_URI and REDIS_URL name servers that run already; without them they are started for the time this runs.
`;

const MAX_RECIPIENTS = 1_000_000;

/** What the command line asks for. */
export interface Options {
  once: boolean;
  /** Lines of a made-up list; the example file where undefined. */
  recipients: number | undefined;
}

/** Reads the command line; ends the process with the usage where it asks for it (0) or cannot be read (2). */
export function readOptions(args: string[]): Options {
  try {
    const { values } = parseArgs({
      args,
      options: {
        once: { type: 'boolean', default: false },
        recipients: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(USAGE);
      process.exit(0);
    }
    return { once: values.once, recipients: countOf(values.recipients) };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    process.exit(2);
  }
}

function countOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const count = Number(text.replaceAll(/[,_]/g, ''));
  if (Number.isInteger(count) && count >= 1 && count <= MAX_RECIPIENTS) return count;
  throw new Error(`--recipients must be a whole number from 1 to 1,000,000, not "${text}"`);
}
