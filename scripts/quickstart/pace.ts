/** The rate is that of so many ms at the end, or of the last two counts where they are further apart. */
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
      const last = samples.at(-1);
      // The hub counts now and then, a long list more seldom, so the same number again is no news.
      if (count > 0 && count !== last?.count) {
        const recent = samples.filter((sample) => sample === last || atMs - sample.atMs <= WINDOW_MS);
        samples = [...recent, { count, atMs }];
      }
      const [from, to] = [samples[0], samples.at(-1)];
      if (!from || !to || from === to) return undefined;
      return ((to.count - from.count) / (to.atMs - from.atMs)) * 1_000;
    },
  };
}
