import mongoose from 'mongoose';

/** What a business's month and day are told by: its timezone, in an update of its own document. */
const timezone = '$settings.timezone';

/** An aggregation expression. */
export type Expression = object | string | number;

/**
 * The calendar month in a timezone, `2026-11`, as an expression; by the database's clock where no other time is given.
 * Months compare as strings, and begin at their first midnight there, whatever the clocks did in between.
 */
export const monthOf = (date: Expression = '$$NOW', zone: Expression = timezone): Expression => ({
  $dateToString: { date, format: '%Y-%m', timezone: zone },
});

/** The month before. */
export const monthBefore = (): Expression =>
  monthOf({ $dateSubtract: { startDate: '$$NOW', unit: 'month', amount: 1, timezone } });

/** The calendar day in a timezone, `2026-11-24`, as an expression. */
export const dayOf = (date: Expression = '$$NOW', zone: Expression = timezone): Expression => ({
  $dateToString: { date, format: '%Y-%m-%d', timezone: zone },
});

/** When the present day ends in a timezone, by the database's clock. */
export async function endOfDay(zone: string): Promise<Date> {
  const tomorrow = { $dateAdd: { startDate: '$$NOW', unit: 'day', amount: 1, timezone: zone } };
  const at = { $dateTrunc: { date: tomorrow, unit: 'day', timezone: zone } };
  const [answer] = (await mongoose.connection.db?.aggregate([{ $documents: [{ at }] }]).toArray()) ?? [];
  return answer?.at instanceof Date ? answer.at : new Date(Date.now() + 86_400_000);
}

/**
 * When each of so many days begins in a timezone, and at last when the last of them ends. MongoDB says it and not Node: the two
 * may know different years of the database of timezones, and the months are MongoDB's.
 * @param from the first, `2026-11-24`.
 */
export async function midnights(from: string, days: number, zone: string): Promise<Date[]> {
  const first = { $dateFromString: { dateString: from, timezone: zone } };
  const midnight = { $dateAdd: { startDate: first, unit: 'day', amount: '$$this', timezone: zone } };
  const all = { $map: { input: { $range: [0, days + 1] }, in: midnight } };
  const [answer] =
    (await mongoose.connection.db?.aggregate<{ all: Date[] }>([{ $documents: [{ all }] }]).toArray()) ?? [];
  if (!answer) throw new Error('MongoDB answered $documents with nothing');
  return answer.all;
}
