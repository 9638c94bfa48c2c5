import { AppError, type Problem } from '../../../errors.js';
import type { Delivery } from '../../../models/delivery.js';
import type { Frozen } from '../../../models/frozen.js';
import { measure } from '../../../templates/preview.js';
import { sampleLinks, valuesFor } from '../../batch/values.js';

/** So many recipients' messages are rendered to see what that takes. */
const SAMPLES = 20;

/** A worker renders hundreds a second; content slower than this at the median, in ms, would keep everybody waiting. */
const SLOW_MS = 20;

/** What is wrong with rendering the content: for everybody a problem, for some of the recipients a warning. */
export async function rendering(
  frozen: Frozen,
  sample: readonly Delivery[],
): Promise<{ problems: Problem[]; warnings: Problem[] }> {
  const step = Math.max(1, Math.floor(sample.length / SAMPLES));
  const chosen = sample.filter((_, index) => index % step === 0).slice(0, SAMPLES);
  if (chosen.length === 0) return { problems: [], warnings: [] };
  const { subject, html, text, variables } = frozen;
  const links = sampleLinks(frozen);
  const values = chosen.map((delivery) => valuesFor(delivery, 'https://example.com/u/x', links));
  // A copy without MongoDB's types, which no thread could be given.
  const samples = JSON.parse(JSON.stringify(values));
  try {
    const { medianMs, failures } = await measure({
      source: { subject, html, text },
      variables: [...variables],
      samples,
    });
    const [failure] = failures;
    const found = failure
      ? [
          {
            path: failure.path,
            message: `fails for ${failures.length} of ${chosen.length} recipients: ${failure.reason}`,
          },
        ]
      : [];
    const slow =
      medianMs > SLOW_MS
        ? [{ path: 'content', message: `takes ${medianMs.toFixed(0)} ms to render; ${SLOW_MS} ms are allowed` }]
        : [];
    return failures.length === chosen.length
      ? { problems: [...found, ...slow], warnings: [] }
      : { problems: slow, warnings: found };
  } catch (error) {
    // It does not end within a second, or in the memory it has.
    if (error instanceof AppError && error.details.errors) return { problems: error.details.errors, warnings: [] };
    throw error;
  }
}
