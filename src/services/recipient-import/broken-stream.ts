/** A stream that cannot be read on: what stood before it counts, what stands behind it was not looked at. */
export class BrokenStream extends Error {
  /** @param line the file's line, from 1, where reading stopped; the reader that knows it fills it in. */
  constructor(
    reason: string,
    public line?: number,
    options?: ErrorOptions,
  ) {
    super(reason, options);
    this.name = 'BrokenStream';
  }
}

/** Gives a broken stream the line that reading had come to, where it has none yet. */
export function brokenAt(error: unknown, line: number): unknown {
  if (error instanceof BrokenStream) error.line ??= line;
  return error;
}
