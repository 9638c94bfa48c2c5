import { type Liquid, LiquidError, type Template, Tokenizer, TokenKind } from 'liquidjs';
import { invalid, type Problem } from '../errors.js';
import { htmlEngine, MAX_SOURCE, plainEngine } from './engines.js';
import { namesDefined, namesUsed } from './names.js';
import { isNestedTooDeep, MAX_DEPTH } from './nesting.js';
import type { Compiled, TemplateSource, TemplateVariable } from './source.js';
import { htmlToTextTemplate } from './text-part.js';

/** The parser's cost grows with the square of these; no mail comes near them. */
const MAX_TAGS = 5_000;
const MAX_TAG = 10_000;

/** Each message has its own; a tag that gave them another value would take its reader's way out. */
const NOT_TO_BE_DEFINED = ['unsubscribe_url', 'pmh_open', 'pmh_links'];

/**
 * Parses a template once, for any number of renderings. A text part that is absent is derived from the HTML here.
 * @throws AppError `validation_failed` with every problem at once, at `subject`, `content.html` or `content.text`, each
 * with its line and column.
 */
export function compile(given: TemplateSource, variables: readonly TemplateVariable[] = []): Compiled {
  const problems: Problem[] = [];
  const parse = (path: string, engine: Liquid, part: string) => {
    const result = parsePart(engine, part);
    if (!('message' in result)) return result.parsed;
    problems.push({ path, message: result.message });
    return [];
  };

  const html = given.html ? parse('content.html', htmlEngine, given.html) : undefined;
  const subject = parse('subject', plainEngine, given.subject);
  const derived = given.text || problems.length > 0 ? undefined : derive(given.html ?? '');
  if (derived && 'message' in derived) problems.push({ path: 'content.html', message: derived.message });
  const textSource = given.text || (derived && 'text' in derived ? derived.text : '');
  const text = parse('content.text', plainEngine, textSource);
  if (problems.length > 0) throw invalid(problems);

  return {
    source: { subject: given.subject, ...(given.html ? { html: given.html } : {}), text: textSource },
    parsed: { subject, ...(html ? { html } : {}), text },
    variables,
    used: namesUsed([subject, html ?? [], text]),
  };
}

function parsePart(engine: Liquid, part: string): { parsed: Template[] } | { message: string } {
  if (part.length > MAX_SOURCE) return { message: `must have at most ${MAX_SOURCE} characters` };
  try {
    const tags = new Tokenizer(part).readTopLevelTokens().filter(({ kind }) => kind !== TokenKind.HTML);
    if (tags.length > MAX_TAGS) return { message: `must have at most ${MAX_TAGS} tags` };
    if (tags.some((tag) => tag.size() > MAX_TAG)) return { message: `must have tags of at most ${MAX_TAG} characters` };
    const parsed = engine.parse(part);
    const defined = namesDefined(parsed);
    const ours = NOT_TO_BE_DEFINED.find((name) => defined.has(name));
    return ours ? { message: `must not give ${ours} a value: each message has its own` } : { parsed };
  } catch (error) {
    if (error instanceof LiquidError) return { message: parseMessage(error) };
    throw error;
  }
}

function derive(html: string): { text: string } | { message: string } {
  if (isNestedTooDeep(html)) return { message: `has elements nested more than ${MAX_DEPTH} deep` };
  const text = htmlToTextTemplate(html);
  // A tag inside a comment or an attribute is not part of the text, and its other half may be.
  if ('parsed' in parsePart(plainEngine, text)) return { text };
  return { message: 'no text part can be derived from this HTML: give one in content.text' };
}

/** LiquidJS's message in the contract's form: the place first, and never a whole template quoted back. */
function parseMessage(error: LiquidError): string {
  const [row, column] = error.token.getPosition();
  if (error.originalError instanceof RangeError) return `line ${row}, column ${column}: is nested too deep`;
  const what = error.message.replace(/, line:\d+, col:\d+$/, '');
  return `line ${row}, column ${column}: ${what.length > 160 ? `${what.slice(0, 160)}…` : what}`;
}
