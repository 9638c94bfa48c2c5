import { setTimeout as sleep } from 'node:timers/promises';
import type { CampaignStats } from '../../src/schemas/campaign-stats.js';
import type { ListEvents } from '../../src/schemas/events.js';
import type { SetUpEvents } from '../../src/schemas/events-setup.js';
import type { ListRecipients } from '../../src/schemas/recipients.js';
import type { ListSuppressions } from '../../src/schemas/suppressions.js';
import { type CampaignOf, draftCampaign, launch } from '../support/campaign.js';
import type { Client } from '../support/client.js';
import type { Tell } from '../support/tenant.js';
import { type Patience, until } from '../support/wait.js';

const HOST = 'simulator.amazonses.com';

/** After the ledger, the log and the suppressions are looked at so often, so long apart. */
const LAST_LOOKS = 10;
const LAST_LOOK_MS = 500;

/** What Amazon's mailbox simulator does with a message. */
interface Fate {
  status: string;
  /** What the log tells of it, in order. */
  events: readonly string[];
  isSuppressed: boolean;
}

/** What is known of each address of the simulator, by the part before the @. */
const FATES: Readonly<Record<string, Fate>> = {
  success: { status: 'delivered', events: ['sent', 'delivered'], isSuppressed: false },
  bounce: { status: 'bounced', events: ['sent', 'bounced'], isSuppressed: true },
  complaint: { status: 'complained', events: ['sent', 'delivered', 'complained'], isSuppressed: true },
  suppressionlist: { status: 'bounced', events: ['sent', 'bounced'], isSuppressed: true },
};

/** So many messages go round. */
export const CIRCLE_MESSAGES = Object.keys(FATES).length;

/** What came back about one address. */
export interface Outcome extends Fate {
  name: string;
}

/** Has SES tell the hub what becomes of the mail: one call of a person, and the confirmation that SNS asks for. */
export async function wireEvents(person: Client, patience: Patience, tell: Tell): Promise<void> {
  const path = '/api/business/events-setup';
  await person.call<typeof SetUpEvents>('POST', path);
  await until(
    'the confirmation of the SNS subscription',
    async () => (await person.call<typeof SetUpEvents>('GET', path)).eventsSetup.status === 'confirmed',
    patience,
  );
  tell('wired its events: SES → SNS, signed → the hub');
}

/** Mails the addresses of Amazon's simulator, and reads what became of each once everything is back. */
export async function goFullCircle(project: Client, patience: Patience): Promise<Outcome[]> {
  const names = Object.keys(FATES);
  const campaign = await draftCampaign(
    project,
    names.map((name) => `${name}@${HOST}`),
  );
  await launch(campaign, patience);
  const read = () => Promise.all(names.map((name) => readOutcome(project, campaign.campaignId, name)));
  // A request a look until the ledger is there; the log and the suppressions follow within moments.
  await until('the end of every message', async () => isOver((await readStats(campaign)).states), patience).catch(
    // What has come is shown, and judged, as it is.
    () => patience.signal.throwIfAborted(),
  );
  for (let looks = 0; looks < LAST_LOOKS; looks += 1) {
    if (circleProblems(await read()).length === 0) break;
    await sleep(LAST_LOOK_MS, undefined, { signal: patience.signal });
  }
  return read();
}

async function readStats({ project, campaignId }: CampaignOf) {
  return (await project.call<typeof CampaignStats>('GET', `/api/campaigns/${campaignId}/stats`)).stats;
}

const isOver = ({ delivered, bounced, complained }: Record<string, number>) =>
  (delivered ?? 0) + (bounced ?? 0) + (complained ?? 0) === CIRCLE_MESSAGES;

async function readOutcome(project: Client, campaignId: string, name: string): Promise<Outcome> {
  const email = `${name}@${HOST}`;
  const query = new URLSearchParams({ email });
  const [{ recipients }, { events }, { suppressions }] = await Promise.all([
    project.call<typeof ListRecipients>('GET', `/api/campaigns/${campaignId}/recipients?${query}`),
    project.call<typeof ListEvents>('GET', `/api/events?campaign=${campaignId}&${query}`),
    project.call<typeof ListSuppressions>('GET', `/api/suppressions?${query}`),
  ]);
  return {
    name,
    status: recipients[0]?.status ?? 'missing',
    // The log is newest first.
    events: events.map(({ type }) => type.replace('email.', '')).reverse(),
    isSuppressed: suppressions.length > 0,
  };
}

/** Everything that is not as Amazon documents its simulator: a line each, none when all is well. */
export function circleProblems(outcomes: readonly Outcome[]): string[] {
  return Object.entries(FATES).flatMap(([name, fate]) => {
    const outcome = outcomes.find((one) => one.name === name);
    if (outcome && keyOf(outcome) === keyOf(fate)) return [];
    return [`${name}@${HOST}: ${outcome ? tellOf(outcome) : 'unknown'}, where it should be: ${tellOf(fate)}`];
  });
}

/** Two events may bear the same millisecond, and then stand in either order. */
const keyOf = ({ status, events, isSuppressed }: Fate) => JSON.stringify([status, [...events].sort(), isSuppressed]);

/** A line for each address: where it is, by what events, and whether it gets more mail. */
export function circleTable(outcomes: readonly Outcome[]): string {
  const width = Math.max(...outcomes.map(({ name }) => name.length)) + HOST.length + 1;
  return outcomes.map((outcome) => `  ${`${outcome.name}@${HOST}`.padEnd(width)}  ${tellOf(outcome)}`).join('\n');
}

function tellOf({ status, events, isSuppressed }: Fate): string {
  return `${status.padEnd(10)}  ${events.join(' → ')}${isSuppressed ? '  (suppressed from now on)' : ''}`;
}
