import { type Context, Liquid, type LiquidOptions, toValue } from 'liquidjs';
import { escapeHtml } from '../html.js';

/** The most characters one part of a template may have. */
export const MAX_SOURCE = 512 * 1024;

/** What a tenant's template may cost. Every bomb that was tried ends within these; `preview.ts` holds the hard bound. */
const LIMITS = { parseLimit: 2 * MAX_SOURCE, renderLimit: 200, memoryLimit: 2_000_000 } as const;

const OPTIONS: LiquidOptions = {
  ...LIMITS,
  // Never the prototype of what a variable holds, and never the file system.
  ownPropertyOnly: true,
  templates: {},
  dynamicPartials: false,
  strictFilters: true,
  // Dates come out the same on every machine, in the offset they were written with.
  timezoneOffset: 0,
  preserveTimezones: true,
  locale: 'en-US',
};

/** Tags that load another template. There is none to load, so they are unknown when a template is saved, not when sent. */
const LOADERS = ['include', 'render', 'layout', 'block'] as const;

const ESCAPES = ['escape', 'escape_once', 'xml_escape'] as const;

/** What LiquidJS binds a filter to. */
interface Filtered {
  context: Context;
}

/** Renders HTML: every variable is escaped, but for the template author's `| raw`. */
export const htmlEngine = engine(function (this: Filtered, value: unknown) {
  return escapeHtml(charged(this.context, value));
});

/** Renders subjects and text parts: nothing is escaped. */
export const plainEngine = engine(function (this: Filtered, value: unknown) {
  return charged(this.context, value);
});

function engine(outputEscape: (this: Filtered, value: unknown) => string): Liquid {
  const liquid = new Liquid({ ...OPTIONS, outputEscape });
  for (const tag of LOADERS) delete liquid.tags[tag];
  // What is escaped on demand is not escaped once more, and in a text part not at all.
  for (const name of ESCAPES) liquid.registerFilter(name, { raw: true, handler: outputEscape });
  liquid.registerFilter('raw', {
    raw: true,
    handler(value: unknown) {
      return charged(this.context, value);
    },
  });
  return liquid;
}

/**
 * A value as text, charged to the rendering's memory limit. LiquidJS charges what filters make, but not what is put out:
 * a block that captures itself twice doubles for free, until something flattens half a gigabyte.
 */
function charged(context: Context, given: unknown): string {
  const value: unknown = toValue(given);
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return value.map((item) => charged(context, item)).join('');
  const text = String(value);
  context.memoryLimit.use(text.length);
  return text;
}
