/**
 * Waits until `condition` gives something truthy, and returns it.
 * @throws Error with the last value after `timeoutMs`.
 */
export async function until<T>(
  condition: () => Promise<T> | T,
  timeoutMs = 20_000,
  everyMs = 25,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > deadline) {
      throw new Error(
        `Not within ${timeoutMs} ms: ${condition.toString().slice(0, 200)} (last: ${JSON.stringify(value)})`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
