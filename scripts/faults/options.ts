import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';

const USAGE = `Sends campaigns while processes are killed and services fail, and holds SES's record against the ledger.

  npm run faults [-- [--trials <number>] [--seed <number>] [--only <number>] [--patient] [--json]]

  --trials <n>  so many campaigns; 50 where it is left out
  --seed <n>    what the faults are chosen by; by chance where it is left out
  --only <n>    the plan's n-th campaign alone
  --patient     wait for the leases of the dead (60 s and 90 s) instead of ending them in MongoDB
  --json        one line with the figures on standard output

It ends with 1 when anything was lost, mailed twice, exceeded or miscounted, or more is in doubt than the faults excuse.
`;

const TRIALS = 50;
const MAX_TRIALS = 1_000;
const MAX_SEED = 2 ** 32 - 1;

/** What the command line asks for. */
export interface Options {
  trials: number;
  seed: number;
  only: number | undefined;
  isPatient: boolean;
  isJson: boolean;
}

/** Reads the command line; ends the process with the usage where it asks for it (0) or cannot be read (2). */
export function readOptions(args: string[]): Options {
  try {
    const { values } = parseArgs({
      args,
      options: {
        trials: { type: 'string' },
        seed: { type: 'string' },
        only: { type: 'string' },
        patient: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(USAGE);
      process.exit(0);
    }
    const trials = wholeNumber('trials', values.trials, 1, MAX_TRIALS) ?? TRIALS;
    return {
      trials,
      seed: wholeNumber('seed', values.seed, 0, MAX_SEED) ?? randomInt(MAX_SEED),
      only: wholeNumber('only', values.only, 1, trials),
      isPatient: values.patient,
      isJson: values.json,
    };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    process.exit(2);
  }
}

function wholeNumber(name: string, text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Error(`--${name} must be a whole number from ${least} to ${most}, not "${text}"`);
}
