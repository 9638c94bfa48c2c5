import type { Template } from 'liquidjs';

/** The parts of a message as their author wrote them. At least one of `html` and `text` is there. */
export interface TemplateSource {
  subject: string;
  html?: string | null | undefined;
  text?: string | null | undefined;
}

/** A variable as the template's author declared it. */
export interface TemplateVariable {
  name: string;
  defaultValue?: string | null | undefined;
  required?: boolean | null | undefined;
}

/** A template parsed once, to be rendered for every recipient. */
export interface Compiled {
  /** What was parsed, with the text part derived where the author wrote none: what a launch freezes. */
  readonly source: { readonly subject: string; readonly html?: string; readonly text: string };
  readonly parsed: { readonly subject: Template[]; readonly html?: Template[]; readonly text: Template[] };
  readonly variables: readonly TemplateVariable[];
  /** The names of the variables its parts take from outside, sorted. */
  readonly used: readonly string[];
}

/** What one message says. */
export interface Rendered {
  subject: string;
  html?: string;
  text: string;
}

/** Whether a variable counts as given: an empty cell of an imported file does not. */
export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && (typeof value !== 'string' || value.trim() !== '');
}
