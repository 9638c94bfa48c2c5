import { LiquidError, TagToken, type Template, Tokenizer, TokenKind } from 'liquidjs';
import { plainEngine } from '../templates/engines.js';
import { namesUsed } from '../templates/names.js';
import type { TemplateVariable } from '../templates/source.js';
import { withDefaults } from '../templates/values.js';

/**
 * A web link whose host its author wrote out, to its last character: a variable within or right behind it could lead
 * anywhere. Credentials before the host are none of a mail's business.
 */
const LITERAL_HOST = /^https?:\/\/[^/?#\\@{}\s]+(?=[/?#]|$)/i;

/** Tags that mean the same alone as in their template. */
const ALLOWED_TAGS = new Set(['if', 'elsif', 'else', 'endif', 'unless', 'endunless', 'case', 'when', 'endcase']);

/** A link that is itself a secret of its reader. */
const NEVER = ['unsubscribe_url', 'forloop', 'tablerowloop'];

/** What a header can carry as it is (RFC 3986 §2). */
const PLAIN = /^[\x21-\x7e]+$/;

/**
 * Whether a link can be followed by way of the hub: web links with a literal host that can be rendered anew, alone, with
 * a recipient's variables.
 * @param template as in `frozen.links`: entities decoded, Liquid as its author wrote it.
 * @param defined the names that tags of the whole template define, whose values nobody has at the click.
 */
export function isTrackable(template: string, defined: ReadonlySet<string>): boolean {
  const origin = LITERAL_HOST.exec(template)?.[0];
  if (!origin || !URL.canParse(origin)) return false;
  try {
    const tokens = new Tokenizer(template).readTopLevelTokens();
    if (tokens.some((token) => token instanceof TagToken && !ALLOWED_TAGS.has(token.name))) return false;
    // A quote that was never closed has swallowed what follows.
    if (tokens.some((token) => token.kind === TokenKind.HTML && /[<>]/.test(token.getText()))) return false;
    const used = namesUsed([plainEngine.parse(template)]);
    return !used.some((name) => defined.has(name) || NEVER.includes(name));
  } catch (error) {
    // Half of a tag's block: the other half stands outside the link.
    if (error instanceof LiquidError) return false;
    throw error;
  }
}

/** The link of a message, parsed once for any number of clicks. */
export interface Target {
  readonly host: string;
  readonly parsed: Template[];
}

/** Parses an entry of `frozen.links`. @returns undefined for what `isTrackable` would not have let in. */
export function parseTarget(template: string): Target | undefined {
  const origin = LITERAL_HOST.exec(template)?.[0];
  if (!origin || !URL.canParse(origin)) return undefined;
  return { host: new URL(origin).host, parsed: plainEngine.parse(template) };
}

/**
 * Where a link leads for one recipient: http or https, and to the host its author wrote, whatever the variables hold.
 * @returns undefined where it leads anywhere else, or cannot be rendered.
 */
export function renderTarget(
  { host, parsed }: Target,
  variables: readonly TemplateVariable[],
  values: Readonly<Record<string, unknown>>,
): string | undefined {
  let link: string;
  try {
    link = plainEngine.renderSync(parsed, withDefaults(variables, values));
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
  if (!URL.canParse(link)) return undefined;
  const url = new URL(link);
  if (url.host !== host || !/^https?:$/.test(url.protocol) || url.username || url.password) return undefined;
  return PLAIN.test(link) ? link : url.href;
}
