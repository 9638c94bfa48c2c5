import type { WriteStream } from 'node:tty';

const MAX_BAR = 28;
const MIN_BAR = 8;
/** Where no terminal says how wide it is. */
const USUAL_COLUMNS = 80;
/** Without a terminal a line is written at each quarter, and at least so often. */
const QUIET_MS = 15_000;

const number = new Intl.NumberFormat('en');

/** How far something is. */
export interface Progress {
  done: number;
  total: number;
  elapsedMs: number;
  /** Undefined while it cannot be known. */
  perSecond?: number | undefined;
}

/** `██████░░░░  512 of 970 · 198/s · 3 s left`, in no more than `columns` where they hold the numbers. */
export function progressLine({ done, total, elapsedMs, perSecond }: Progress, columns: number): string {
  const parts = [`${number.format(done)} of ${number.format(total)}`];
  if (perSecond) parts.push(`${number.format(Math.round(perSecond))}/s`);
  if (done >= total) parts.push(`done in ${duration(elapsedMs)}`);
  else if (perSecond) parts.push(`${duration(((total - done) / perSecond) * 1_000)} left`);
  const text = parts.join(' · ');
  const width = Math.min(MAX_BAR, columns - text.length - 5);
  if (width < MIN_BAR) return `  ${text}`;
  const filled = total > 0 ? Math.floor((done / total) * width) : width;
  return `  ${'█'.repeat(filled)}${'░'.repeat(width - filled)}  ${text}`;
}

/** `4 s`, `2 min 05 s`. */
function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** Shows progress: one line that is written over on a terminal, a new line now and then elsewhere. */
export interface ProgressDisplay {
  show(progress: Progress): void;
  /** Leaves the last line standing. */
  end(): void;
}

/** A display on this stream. */
export function progressOn(stream: WriteStream): ProgressDisplay {
  let shownQuarter = -1;
  let shownAtMs = 0;
  return {
    show(progress) {
      if (stream.isTTY) {
        stream.write(`\r${progressLine(progress, stream.columns || USUAL_COLUMNS)}\u001b[K`);
        return;
      }
      const quarter = Math.floor((progress.done / Math.max(1, progress.total)) * 4);
      if (quarter === shownQuarter && progress.elapsedMs - shownAtMs < QUIET_MS) return;
      shownQuarter = quarter;
      shownAtMs = progress.elapsedMs;
      stream.write(`${progressLine(progress, USUAL_COLUMNS)}\n`);
    },
    end() {
      if (stream.isTTY) stream.write('\n');
    },
  };
}
