import { compile } from 'html-to-text';
import { Tokenizer, TokenKind } from 'liquidjs';

// Unicode noncharacters (never text, D14 of the Unicode standard) stand for what the HTML converter must not see.
const OUTPUT = '\uFDD0';
const TAG = '\uFDD1';
const END = '\uFDD2';
const BRACE = '\uFDD3';
const RESERVED = /[\uFDD0-\uFDD3]/g;

const HEADINGS = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6'];

const convert = compile({
  wordwrap: false,
  selectors: [
    { selector: 'a', options: { linkBrackets: ['(', ')'], hideLinkHrefIfSameAsText: true } },
    { selector: 'ul', options: { itemPrefix: '- ' } },
    { selector: 'img', format: 'skip' },
    { selector: 'title', format: 'skip' },
    { selector: 'tr', format: 'block', options: { leadingLineBreaks: 1, trailingLineBreaks: 1 } },
    // Cells of one row would run into each other.
    ...['td', 'th'].map((selector) => ({ selector, format: 'inlineSurround', options: { suffix: ' ' } })),
    ...HEADINGS.map((selector) => ({ selector, options: { uppercase: false } })),
  ],
});

/**
 * Derives the template of the text part from the template of the HTML part, so that no message has to be converted:
 * Liquid stays as it is, links become `text (url)`.
 * @throws LiquidJS's TokenizationError when a tag or output is not closed.
 */
export function htmlToTextTemplate(html: string): string {
  const kept: string[] = [];
  const masked = new Tokenizer(html)
    .readTopLevelTokens()
    .map((token) => {
      const source = html.slice(token.begin, token.end);
      if (token.kind === TokenKind.HTML) return source.replace(RESERVED, '').replaceAll('{', BRACE);
      kept.push(source);
      return `${token.kind === TokenKind.Tag ? TAG : OUTPUT}${kept.length - 1}${END}`;
    })
    .join('');
  const text = convert(masked)
    // A brace that was an entity was text in the HTML, and must not begin a tag here.
    .replaceAll('{', "{{ '{' }}")
    .replaceAll(BRACE, '{')
    .replace(/(?<![ \t])[ \t]+$/gm, '')
    .replace(TAGS_ALONE, joinTags)
    .replace(/[\uFDD0\uFDD1](\d+)\uFDD2/g, (_mark, index: string) => kept[Number(index)] ?? '');
  return text.trim();
}

/** A line of nothing but tags, the line breaks before it (where it is not the first line) and those after it. */
const TAGS_ALONE = /(?<=^|(\n{1,3}))[ \t]*((?:\uFDD1\d+\uFDD2[ \t]*)+)(\n+|$)/g;

/** Leaves of the line breaks around such a line what the text needs: else every message had empty lines there. */
function joinTags(_line: string, before: string | undefined, tags: string, after: string): string {
  return tags.trimEnd() + (before === undefined ? '' : after.slice(before.length));
}
