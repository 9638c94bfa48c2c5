import type { Tell } from '../support/tenant.js';

/** What a scenario has shown. */
export interface Proof {
  /** In the order in which they are printed. */
  figures: Readonly<Record<string, number | boolean>>;
  /** The bounds that were missed, a sentence each. */
  missed: readonly string[];
}

/** What a scenario is run with. */
export interface Surroundings {
  say: Tell;
  signal: AbortSignal;
}

/** One promise of the engine, put to the test. */
export interface Scenario<Name extends string = string> {
  /** What is done, and what must hold. */
  about: string;
  /** Numbers that the command line can change, by their options' names. */
  defaults: Readonly<Record<Name, number>>;
  run(numbers: Readonly<Record<Name, number>>, around: Surroundings): Promise<Proof>;
}

/** Bounds as they are looked at: those that were missed are collected. */
export interface Bounds {
  readonly missed: string[];
  atMost(what: string, is: number, most: number): void;
  atLeast(what: string, is: number, least: number): void;
  exactly(what: string, is: number, should: number): void;
}

/** Bounds of which none was looked at yet. */
export function openBounds(): Bounds {
  const missed: string[] = [];
  const expect = (isRight: boolean, text: string) => {
    if (!isRight) missed.push(text);
  };
  return {
    missed,
    atMost: (what, is, most) => expect(is <= most, `${what}: ${is}, at most ${most} are allowed`),
    atLeast: (what, is, least) => expect(is >= least, `${what}: ${is}, at least ${least} must be`),
    exactly: (what, is, should) => expect(is === should, `${what}: ${is}, where it must be ${should}`),
  };
}
