import { type Liquid, LiquidError, type Template } from 'liquidjs';
import { htmlEngine, plainEngine } from './engines.js';
import type { Compiled, Rendered } from './source.js';
import { withDefaults } from './values.js';

/** The most characters one part of a message may have: SES takes 10 MB in base64, and mail programs cut far earlier. */
const MAX_OUTPUT = 2 * 1024 * 1024;

/**
 * A subject's characters. It is one header line, which SES takes up to 1,000 characters long (RFC 5322 §2.1.1: 998), and
 * which can only be folded where it has a space.
 */
const MAX_SUBJECT = 500;

/** A message that could not be made of its template and variables; the message says why, for a person. */
export class RenderError extends Error {
  constructor(
    /** `subject`, `content.html` or `content.text`. */
    readonly path: string,
    readonly reason: string,
    cause?: unknown,
  ) {
    super(`${path}: ${reason}`, { cause });
    this.name = 'RenderError';
  }
}

/**
 * One recipient's message. Synchronous and made to be called once a recipient: some 40 µs for a 20 kB template.
 * `name`, `email` and `unsubscribe_url` are variables like any other; the engine gives them.
 * @param values plain objects only, never Mongoose documents.
 * @throws RenderError when a filter fails, or it would take too long or grow too large.
 */
export function render(compiled: Compiled, values: Readonly<Record<string, unknown>>): Rendered {
  const scope = withDefaults(compiled.variables, values);
  const { subject, html, text } = compiled.parsed;
  return {
    // A line break would end the header and begin one of the sender's making (RFC 5322 §2.2).
    subject: shortened(
      renderPart('subject', plainEngine, subject, scope)
        .replace(/\p{Cc}+/gu, ' ')
        .trim(),
    ),
    ...(html ? { html: renderPart('content.html', htmlEngine, html, scope) } : {}),
    text: renderPart('content.text', plainEngine, text, scope),
  };
}

/** A long subject loses its end rather than its recipient. */
function shortened(subject: string): string {
  if (subject.length <= MAX_SUBJECT) return subject;
  return `${[...subject].slice(0, MAX_SUBJECT - 1).join('')}…`;
}

function renderPart(path: string, engine: Liquid, part: Template[], scope: Record<string, unknown>): string {
  let output: string;
  try {
    // A copy: `{% increment %}` writes into the scope it is given.
    output = engine.renderSync(part, { ...scope });
  } catch (error) {
    throw new RenderError(path, reasonOf(error), error);
  }
  if (output.length > MAX_OUTPUT) throw new RenderError(path, 'grows too large');
  return output;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'cannot be rendered';
  if (/template render limit exceeded/.test(error.message)) return 'takes too long to render';
  if (/memory alloc limit exceeded|Invalid string length/.test(error.message)) return 'grows too large';
  if (!(error instanceof LiquidError)) return 'cannot be rendered';
  return error.message.replace(/, line:(\d+), col:(\d+)$/, ' (line $1, column $2)').slice(0, 200);
}
