/** Debian's name of an architecture's library folder below `usr/lib`, and its dynamic loader within. */
export interface Multiarch {
  triplet: string;
  loader: string;
}

const MULTIARCH: Partial<Record<NodeJS.Architecture, Multiarch>> = {
  x64: { triplet: 'x86_64-linux-gnu', loader: 'ld-linux-x86-64.so.2' },
  arm64: { triplet: 'aarch64-linux-gnu', loader: 'ld-linux-aarch64.so.1' },
};

/**
 * Those of this machine.
 * @throws Error on an architecture that the embedded services do not know
 */
export function multiarch(): Multiarch {
  const found = MULTIARCH[process.arch];
  if (!found) throw new Error(`Debian packages are not used on ${process.arch}`);
  return found;
}
