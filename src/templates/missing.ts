import { type Compiled, isGiven } from './source.js';

/** Variables without a value: what would be an empty place in the message. */
export interface Missing {
  /** Declared as required. */
  required: string[];
  /** Used, and not declared as required. */
  optional: string[];
}

/** The variables that a message with these values would lack: absent or empty, and without a default. */
export function missing(compiled: Compiled, values: Readonly<Record<string, unknown>>): Missing {
  const hasValue = (name: string) => Object.hasOwn(values, name) && isGiven(values[name]);
  const defaulted = new Set<string>();
  const required: string[] = [];
  for (const variable of compiled.variables) {
    if (isGiven(variable.defaultValue)) defaulted.add(variable.name);
    else if (variable.required && !hasValue(variable.name)) required.push(variable.name);
  }
  const optional = compiled.used.filter((name) => !hasValue(name) && !defaulted.has(name) && !required.includes(name));
  return { required, optional };
}
