/** The rate is that of so many ms at the end. */
const WINDOW_MS = 10_000;

/** Works out a rate from counts as they come. */
export interface Pace {
  /** Takes the count at a time, in ms, and answers how many a second it has been of late; undefined at first. */
  add(count: number, atMs: number): number | undefined;
}

/** A pace of nothing yet. The time until the first was done is start-up and no part of it. */
export function createPace(): Pace {
  let samples: { count: number; atMs: number }[] = [];
  return {
    add(count, atMs) {
      // The hub counts once a second, so the same number again is no news.
      if (count > 0 && count !== samples.at(-1)?.count) {
        samples = [...samples.filter((sample) => atMs - sample.atMs <= WINDOW_MS), { count, atMs }];
      }
      const [first, last] = [samples[0], samples.at(-1)];
      if (!first || !last || first === last) return undefined;
      return ((last.count - first.count) / (last.atMs - first.atMs)) * 1_000;
    },
  };
}
