/**
 * `npm run quickstart`: everything the hub needs, the hub itself, and a campaign to a thousand people, of whom every one
 * is accounted for. `--help` says what it takes.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { PLAN_LIMITS } from '../src/models/business.js';
import { type Audience, readAudience, type Source, sourceOf } from './quickstart/audience.js';
import { check, readLedger } from './quickstart/check.js';
import { CIRCLE_MESSAGES, circleProblems, circleTable, goFullCircle, wireEvents } from './quickstart/circle.js';
import { type Hub, startHub } from './quickstart/hub.js';
import { INBOX_LIMIT, limitInbox, readInbox } from './quickstart/inbox.js';
import { readOptions } from './quickstart/options.js';
import { raisePlan } from './quickstart/plan.js';
import { progressOn } from './quickstart/progress.js';
import { addresses, outcome } from './quickstart/report.js';
import { moveInWhisky, prepareCampaign, send } from './quickstart/sibling.js';
import { type Surroundings, startSurroundings } from './quickstart/surroundings.js';
import { watchCampaign } from './quickstart/watch.js';
import { createClient } from './support/client.js';
import { Interrupted, onInterrupt } from './support/interrupt.js';
import type { Tenant } from './support/tenant.js';

/** A process that died is told a moment after the call that failed by it. */
const DEATH_IS_TOLD_MS = 300;
const SHOWN_PROBLEMS = 20;

const options = readOptions(process.argv.slice(2));
const stopping = new AbortController();
const { signal } = stopping;
onInterrupt(stopping);
const say = (line: string) => process.stdout.write(`${line}\n`);
const tell = (what: string) => say(`  ✓ ${what}`);
/** What has been started, to be ended in reverse. */
const started: { close(): Promise<void> }[] = [];

try {
  await quickstart();
} catch (error) {
  if (!signal.aborted) await sleep(DEATH_IS_TOLD_MS);
  const reason = signal.aborted ? signal.reason : error;
  process.exitCode = reason instanceof Interrupted ? 130 : 1;
  if (!(reason instanceof Interrupted))
    process.stderr.write(`\n${reason instanceof Error ? reason.message : reason}\n`);
} finally {
  if (signal.aborted) say('\nEnding ...');
  for (const { close } of started.reverse()) await close();
}

async function quickstart(): Promise<void> {
  say('Power MTA Hub: a campaign, from nothing\n');
  const source = sourceOf(options.recipients);
  const audience = await readAudience(source);

  say('Starting MongoDB, Redis, a local SES and its inbox ...');
  const surroundings = await startSurroundings(audience.lines, { say, signal });
  started.push(surroundings);
  say('Starting the API and a worker ...');
  const hub = await startHub({ services: surroundings, signal, say, onDeath: (error) => stopping.abort(error) });
  started.push(hub);

  const whisky = await moveIn(hub, audience);
  const { campaignId, isRight: areMailed } = await runCampaign(whisky, source, audience, surroundings, hub);
  const isRight = (await runCircle(whisky, hub)) && areMailed;
  say(`\n${addresses(hub.url, surroundings.inboxUrl, whisky, campaignId)}`);
  if (options.once) {
    process.exitCode = isRight ? 0 : 1;
    return;
  }
  say('\n  Running until you press Ctrl-C.');
  if (!signal.aborted) await once(signal, 'abort');
  if (!(signal.reason instanceof Interrupted)) throw signal.reason;
  process.exitCode = isRight ? 0 : 1;
}

/** What a person does once for the project, with room in its plan for the list. */
async function moveIn(hub: Hub, { people }: Audience): Promise<Tenant> {
  const anybody = createClient(hub.url, signal);
  say('\nAs the project "Whisky" does it, over HTTP:');
  const whisky = await moveInWhisky(anybody, tell);
  const messages = people.size + CIRCLE_MESSAGES;
  if (messages > PLAN_LIMITS.free) {
    await raisePlan(anybody, whisky.businessId, messages, { env: hub.env, signal });
    tell(`had its plan raised by the hub's owner to ${messages.toLocaleString('en')} messages a month`);
  }
  return whisky;
}

/** What the sibling project does, and the proof: whether everybody got his one message. */
async function runCampaign(
  whisky: Tenant,
  source: Source,
  audience: Audience,
  { ses, inboxUrl }: Surroundings,
  hub: Hub,
): Promise<{ campaignId: string; isRight: boolean }> {
  const project = createClient(hub.url, signal, whisky.key);
  const { campaignId, report } = await prepareCampaign(project, source, tell);
  await send(project, campaignId);
  tell('sent it\n');

  const isInboxComplete = audience.people.size <= INBOX_LIMIT;
  const [stats] = await Promise.all([
    watchCampaign(project, { campaignId, total: report.added }, progressOn(process.stdout), signal),
    isInboxComplete ? undefined : limitInbox(ses, signal),
  ]);
  say(`\n${outcome(stats, report)}\n`);

  const problems = await check({
    audience,
    report,
    stats,
    ledger: readLedger(project, campaignId),
    accepted: ses.stream(),
    inbox: await readInbox(ses, inboxUrl, signal),
    isInboxComplete,
  });
  return { campaignId, isRight: judge(problems, audience, isInboxComplete, hub) };
}

/** What SES tells of the mail, all the way round. @returns whether everything came back as Amazon documents it. */
async function runCircle({ key, token }: Tenant, hub: Hub): Promise<boolean> {
  const anybody = createClient(hub.url, signal);
  say("\nWhat becomes of the mail, by Amazon's test addresses:");
  await wireEvents(anybody.as(token), { signal }, tell);
  const outcomes = await goFullCircle(anybody.as(key), { signal });
  say(`\n${circleTable(outcomes)}\n`);
  const problems = circleProblems(outcomes);
  if (problems.length === 0) say('  ✓ every signed event came back, and ledger, log and suppressions agree');
  else tellProblems(`  ✗ not everything came back as it should, in ${problems.length} points:`, problems, hub);
  return problems.length === 0;
}

function judge(problems: readonly string[], { people }: Audience, isInboxComplete: boolean, hub: Hub): boolean {
  if (problems.length === 0) {
    const count = people.size.toLocaleString('en');
    say(`  ✓ ledger, SES and inbox agree: ${count} of ${count} got one message each, by the right name`);
    if (!isInboxComplete) say(`    (the inbox was given the first ${INBOX_LIMIT.toLocaleString('en')} of them)`);
    return true;
  }
  tellProblems(`  ✗ ledger, SES and inbox do not agree, in ${problems.length} points:`, problems, hub);
  return false;
}

function tellProblems(headline: string, problems: readonly string[], hub: Hub): void {
  say(headline);
  for (const problem of problems.slice(0, SHOWN_PROBLEMS)) say(`    ${problem}`);
  say(hub.lastOutput());
}
