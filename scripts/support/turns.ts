/** Lets one piece of work at a time do something to a thing. */
export type Turns = <T>(work: () => Promise<T>) => Promise<T>;

/** The second waits until the first has ended, also when that failed. */
export function takeTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work, work);
    last = mine.catch(() => undefined);
    return mine;
  };
}
