/** The promises that a campaign can be seen to break, each a figure that has to be 0. */
export const FIGURES = [
  'lost',
  'duplicated',
  'unconfirmedOver',
  'quotaExceeded',
  'rateExceeded',
  'counterMismatches',
] as const;

export type Figure = (typeof FIGURES)[number];

/** Something that should not be. */
export interface Finding {
  figure: Figure;
  /** By so much does the figure grow. */
  count: number;
  /** For a person: what, and where. */
  text: string;
  /** Whose mail it is about, if one person's. */
  address?: string;
}

/** The figures of these findings. */
export function sumUp(findings: readonly Finding[]): Record<Figure, number> {
  const sums = Object.fromEntries(FIGURES.map((figure) => [figure, 0])) as Record<Figure, number>;
  for (const { figure, count } of findings) sums[figure] += count;
  return sums;
}
