import { DURATIONS, FAULT_KINDS, type FaultKind, HARMLESS_KINDS } from './kinds.js';
import { type Random, randomOf } from './random.js';

/** Recipients of a trial's campaign, and messages a second that its SES account takes. */
export const RECIPIENTS = 2_000;
export const RATE = 250;

/** Faults begin within the first three quarters of what the campaign takes undisturbed, in ms. */
const FAULTS_WITHIN_MS = 0.75 * (RECIPIENTS / RATE) * 1_000;

/** Every so many trials there are harmless faults only; every so many the month's limit is less than the list. */
const HARMLESS_EVERY = 3;
const LIMITED_EVERY = 5;

/** One thing that goes wrong. */
export interface PlannedFault {
  kind: FaultKind;
  /** After the campaign was told to go, in ms. */
  atMs: number;
  forMs: number;
  /** Which worker is killed, where it is one of them. */
  worker: number;
  /** So many answers at most does SES leave unclear, where it does. */
  answers: number;
}

/** One campaign, and what happens to it. */
export interface TrialPlan {
  /** From 1. */
  number: number;
  /** In the order of their beginnings. */
  faults: readonly PlannedFault[];
  /** The month's limit, where it is less than the list. */
  limit: number | undefined;
}

/**
 * Plans a run: the same for the same seed, and a shorter run is the beginning of a longer one. Kinds are dealt from a
 * shuffled deck of them all, so that none is rare: in fifty trials each comes at least five times.
 */
export function planRun(seed: number, trials: number): TrialPlan[] {
  const random = randomOf(seed);
  const anyKind = deckOf(FAULT_KINDS, random);
  const harmless = deckOf(HARMLESS_KINDS, random);
  return Array.from({ length: trials }, (_, index) => {
    const number = index + 1;
    const draw = number % HARMLESS_EVERY === 0 ? harmless : anyKind;
    const faults = Array.from({ length: random.between(2, 4) }, () => planFault(draw(), random));
    const limit = random.between(RECIPIENTS / 4, (RECIPIENTS * 3) / 4);
    return {
      number,
      faults: faults.sort((a, b) => a.atMs - b.atMs),
      limit: number % LIMITED_EVERY === 0 ? limit : undefined,
    };
  });
}

function planFault(kind: FaultKind, random: Random): PlannedFault {
  const [least, most] = DURATIONS[kind];
  return {
    kind,
    atMs: random.between(0, FAULTS_WITHIN_MS),
    forMs: random.between(least, most),
    worker: random.between(0, 1),
    answers: random.between(2, 12),
  };
}

/** Deals every kind once before any comes again. */
function deckOf(kinds: readonly FaultKind[], random: Random): () => FaultKind {
  let deck: FaultKind[] = [];
  const draw = (): FaultKind => {
    const kind = deck.pop();
    if (kind) return kind;
    deck = random.shuffled(kinds);
    return draw();
  };
  return draw;
}

/** `workers-killed 2.1 s + 0.8 s, paused 3.0 s + 1.2 s; 1,204 left of the month`. */
export function describePlan({ faults, limit }: TrialPlan): string {
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
  const described = faults.map(
    ({ kind, atMs, forMs }) => `${kind} ${seconds(atMs)}${forMs ? ` + ${seconds(forMs)}` : ''}`,
  );
  return described.join(', ') + (limit === undefined ? '' : `; ${limit.toLocaleString('en')} left of the month`);
}
