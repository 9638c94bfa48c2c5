const KEPT_LINES = 40;

/** pino's number for `warn`. */
const WARN = 40;

/** The logs of the hub's processes, read as they are written. */
export interface LogBook {
  /** Takes a line that the process of this name wrote. */
  add(process: string, line: string): void;
  /** The lines that say this, of those at level `warn` or above in all logs together. */
  warnings(message: string): readonly string[];
  /** The last lines of each process, each with its name before it. */
  lastLines(count: number): string[];
}

/** A log book without a line. */
export function openLogBook(): LogBook {
  const kept = new Map<string, string[]>();
  const warnings = new Map<string, string[]>();
  return {
    add(process, line) {
      const lines = kept.get(process) ?? [];
      kept.set(process, [...lines.slice(1 - KEPT_LINES), line]);
      const message = warningOf(line);
      if (message) warnings.set(message, [...(warnings.get(message) ?? []), line]);
    },
    warnings: (message) => warnings.get(message) ?? [],
    lastLines: (count) =>
      [...kept].flatMap(([process, lines]) => lines.slice(-count).map((line) => `${process} | ${line}`)),
  };
}

/** A process that cannot start writes plain text. */
function warningOf(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const { level, msg } = JSON.parse(line);
    return level >= WARN ? String(msg) : undefined;
  } catch {
    return undefined;
  }
}
