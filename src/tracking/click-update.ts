/** Who follows so many different links of a message within so many ms is a scanner, and no reader. */
const BURST_LINKS = 3;
const BURST_MS = 2_000;

/** So many of the last clicks are kept with the delivery at most. */
const MAX_RECENT = 32;

/**
 * What a click makes of its delivery, as one pipeline: clicks of one message may come at the same moment, and each sees
 * those before it. A person's click sets `clickedAt` once, to the earliest, adds the link, and says that the message was
 * opened; a machine's sets `machineClickedAt`. The click that shows a scanner takes back what those of its burst had set:
 * they were the scanner's, too.
 * @param number the link's place in `frozen.links`.
 * @param isMachine by what the request tells by itself.
 */
export function clickUpdate(number: number, at: Date, isMachine: boolean) {
  const links = { $ifNull: ['$links', []] };
  const kept = (field: string) => ({ $ifNull: [`$${field}`, '$$REMOVE'] });
  const byWhom = (person: object, burst: object, otherwise: object) => ({
    $cond: ['$machine', { $cond: ['$burst', burst, otherwise] }, person],
  });
  const time = (field: string) =>
    byWhom(
      { $min: [`$${field}`, at] },
      { $cond: [{ $in: [`$${field}`, '$recent.at'] }, '$$REMOVE', kept(field)] },
      kept(field),
    );
  const ofBurst = { $map: { input: { $filter: { input: '$recent', cond: '$$this.isFirst' } }, in: '$$this.link' } };
  const isFirst = { $not: [{ $or: ['$machine', { $in: [number, links] }] }] };
  const click = { link: { $literal: number }, at, isFirst, isMachine: '$machine' };
  return [
    { $set: { recent: { $filter: { input: { $ifNull: ['$recentClicks', []] }, cond: since(at) } } } },
    { $set: { burst: { $gte: [{ $size: { $setUnion: ['$recent.link', [number]] } }, BURST_LINKS] } } },
    { $set: { machine: { $or: ['$burst', isMachine] } } },
    {
      $set: {
        recentClicks: { $slice: [{ $concatArrays: ['$recent', [click]] }, -MAX_RECENT] },
        links: byWhom({ $setUnion: [links, [number]] }, { $setDifference: [links, ofBurst] }, kept('links')),
        clickedAt: time('clickedAt'),
        openedAt: time('openedAt'),
        machineClickedAt: {
          $cond: [
            '$machine',
            { $min: ['$machineClickedAt', at, { $cond: ['$burst', { $min: '$recent.at' }, at] }] },
            kept('machineClickedAt'),
          ],
        },
      },
    },
    { $unset: ['recent', 'burst', 'machine'] },
  ];
}

const since = (at: Date) => ({ $gt: ['$$this.at', new Date(at.getTime() - BURST_MS)] });
