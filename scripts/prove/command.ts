import { parseArgs } from 'node:util';
import type { Scenario } from './scenario.js';

/** What the command line asks for. */
export interface Command {
  name: string;
  scenario: Scenario;
  numbers: Readonly<Record<string, number>>;
  isJson: boolean;
}

/** Reads the command line; ends the process with the usage where it asks for it (0) or cannot be read (2). */
export function readCommand(args: string[], scenarios: Readonly<Record<string, Scenario>>): Command {
  const [name = '', ...rest] = args;
  if (name === '--help' || name === '-h') {
    process.stdout.write(usage(scenarios));
    process.exit(0);
  }
  try {
    const scenario = scenarios[name];
    if (!scenario) throw new Error(name ? `There is no scenario "${name}"` : 'Which scenario?');
    const numbered = Object.keys(scenario.defaults).map((option) => [option, { type: 'string' }] as const);
    const options: Record<string, { type: 'string' | 'boolean' }> = {
      ...Object.fromEntries(numbered),
      json: { type: 'boolean' },
    };
    const { values } = parseArgs({ args: rest, options });
    const numbers = Object.entries(scenario.defaults).map(([option, usual]) => [
      option,
      numberOf(option, values[option], usual),
    ]);
    return { name, scenario, numbers: Object.fromEntries(numbers), isJson: values.json === true };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${usage(scenarios)}`);
    process.exit(2);
  }
}

function numberOf(option: string, text: unknown, usual: number): number {
  if (text === undefined) return usual;
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`--${option} must be a whole number above 0, not "${text}"`);
}

function usage(scenarios: Readonly<Record<string, Scenario>>): string {
  const described = Object.entries(scenarios).map(([name, { about, defaults }]) => {
    const options = Object.entries(defaults).map(([option, usual]) => `--${option} ${usual}`);
    return `  ${name}\n    ${about}\n    ${options.join(' ')}\n`;
  });
  return `Puts one promise of the sending engine to the test.

  npm run prove -- <scenario> [--json] [its numbers]

${described.join('\n')}
It ends with 1 when a bound is missed.
`;
}
