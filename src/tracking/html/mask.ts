import { TagToken, Tokenizer, TokenKind } from 'liquidjs';

// Unicode noncharacters (never text, D14 of the Unicode standard) stand for what the HTML tokenizer must not see.
const TAG = '\uFDD1';
const OUTPUT = '\uFDD0';
const RESERVED = /[\uFDD0\uFDD1]/g;
const TAGS = /\uFDD1+/g;

/** The HTML of a template with its Liquid covered: as long as the template, so that every place is the same in both. */
export interface Masked {
  readonly html: string;
  /** Whether a place is put out as it stands (`{% raw %}`): Liquid put there would be shown to the reader. */
  isRaw(at: number): boolean;
}

/**
 * Covers Liquid, so that quotes and brackets in it are none of the HTML's; what a `{% comment %}` holds as well.
 * @throws LiquidJS's TokenizationError when a tag or output is not closed.
 */
export function maskLiquid(template: string): Masked {
  const raw: { begin: number; end: number }[] = [];
  let inside = '';
  const html = new Tokenizer(template)
    .readTopLevelTokens()
    .map((token) => {
      const { begin, end } = token;
      if (token instanceof TagToken) {
        if (token.name === `end${inside}`) inside = '';
        else if (token.name === 'raw' || token.name === 'comment') inside ||= token.name;
      }
      if (token.kind === TokenKind.Output) return (inside === 'comment' ? TAG : OUTPUT).repeat(end - begin);
      if (token.kind === TokenKind.Tag || inside === 'comment') return TAG.repeat(end - begin);
      if (inside === 'raw') raw.push({ begin, end });
      return template.slice(begin, end).replace(RESERVED, '\uFFFD');
    })
    .join('');
  return { html, isRaw: (at) => raw.some(({ begin, end }) => begin <= at && at < end) };
}

/** A name as it will be put out: tags put out nothing, so `{% if x %}href` is `href`. */
export function withoutTags(masked: string): string {
  return masked.replace(TAGS, '');
}
