const MAX_NAME = 200;

/** The name of a copy, where its author gives none; a long one loses its end, and no half of a character stays. */
export function copyOf(name: string): string {
  const copy = `Copy of ${name}`;
  return copy.length <= MAX_NAME ? copy : `${copy.slice(0, MAX_NAME).replace(/\p{Cs}$/u, '')}`;
}
