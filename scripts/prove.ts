/**
 * `npm run prove -- <scenario>`: one promise of the sending engine at a time, with its figures. `--help` names them.
 */
import { readCommand } from './prove/command.js';
import { emails, emailsSlow } from './prove/emails.js';
import { lanes } from './prove/lanes.js';
import { quota } from './prove/quota.js';
import { rate } from './prove/rate.js';
import { stop } from './prove/stop.js';
import { webhooks } from './prove/webhooks.js';
import { runScript } from './support/script.js';

const SHOWN_MISSES = 20;

const { name, scenario, numbers, isJson } = readCommand(process.argv.slice(2), {
  quota,
  rate,
  lanes,
  stop,
  emails,
  'emails-slow': emailsSlow,
  webhooks,
});
const say = (line: string) => process.stderr.write(`${line}\n`);

await runScript(async (signal) => {
  say(`${name}: ${scenario.about}`);
  const { figures, missed } = await scenario.run(numbers, { say, signal });
  if (isJson)
    process.stdout.write(`${JSON.stringify({ scenario: name, ...numbers, ...figures, missed: missed.length })}\n`);
  else for (const [figure, value] of Object.entries(figures)) process.stdout.write(`${figure.padEnd(24)} ${value}\n`);
  for (const text of missed.slice(0, SHOWN_MISSES)) say(`✗ ${text}`);
  if (missed.length > SHOWN_MISSES) say(`✗ and ${missed.length - SHOWN_MISSES} more`);
  return missed.length === 0;
});
