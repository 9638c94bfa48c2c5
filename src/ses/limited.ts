/**
 * What the SDK takes for a signal beside the web's `AbortSignal`. The web's, made and listened to for each message, costs a
 * sixth of a whole send.
 */
class TimeLimit {
  aborted = false;
  onabort: (() => void) | null = null;

  end(): void {
    this.aborted = true;
    this.onabort?.();
  }
}

/**
 * Makes a call that is given up as a whole after `limitMs`. The client's own limit ends with the answer's headers: a body
 * that never ends would never be given up.
 */
export async function limited<T>(
  limitMs: number,
  call: (options: { abortSignal: TimeLimit }) => Promise<T>,
): Promise<T> {
  const limit = new TimeLimit();
  const timer = setTimeout(() => limit.end(), limitMs);
  try {
    return await call({ abortSignal: limit });
  } finally {
    clearTimeout(timer);
  }
}
