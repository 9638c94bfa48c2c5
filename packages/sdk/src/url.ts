/** `URL` takes these for steps in the path, and they are the same when they are encoded. */
const STEPS: ReadonlySet<string> = new Set(['.', '..']);

/** Fills in what stands in braces. @throws TypeError for an id that is empty or a step: the path would be another one's. */
export function pathOf(path: string, params: Readonly<Record<string, string>> = {}): string {
  return path.replace(/\{(\w+)\}/g, (_match, name: string) => {
    const value = params[name];
    if (typeof value !== 'string' || value === '') throw new TypeError(`${name} is missing`);
    if (STEPS.has(value)) throw new TypeError(`${name} cannot be ${value}`);
    return encodeURIComponent(value);
  });
}

/** With its question mark; empty where nothing is asked for. */
export function queryOf(query: object = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null)
      search.set(name, value instanceof Date ? value.toISOString() : String(value));
  }
  return search.size > 0 ? `?${search}` : '';
}
