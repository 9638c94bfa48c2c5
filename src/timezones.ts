/** The calendar day in a timezone, `2026-11-24`. Sweden writes its dates as ISO 8601 does. */
export function dayIn(timeZone: string, date = new Date()): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(date);
}

/** The calendar month in a timezone, `2026-11`. */
export function monthIn(timeZone: string, date = new Date()): string {
  return dayIn(timeZone, date).slice(0, 7);
}

/** How many days lie between two of them: 1 from one day to the next. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000);
}

/** Whether it names a zone of the IANA database. Offsets (`+01:00`) do not: they know no summer time. */
export function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}

/** Seconds until the next midnight in a timezone, but for the hour that a change of its clocks may add or take. */
export function secondsLeftOfDay(timeZone: string, date = new Date()): number {
  const time = new Intl.DateTimeFormat('sv-SE', { timeZone, timeStyle: 'medium' }).format(date);
  const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number);
  return 86_400 - (hours * 3_600 + minutes * 60 + seconds);
}

/** The day so many days after another, `2026-11-24` → `2026-11-25`. */
export function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10);
}
