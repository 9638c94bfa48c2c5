import { QuoteType, Tokenizer, type TokenizerCallbacks } from 'htmlparser2';
import { withoutTags } from './mask.js';

/** Elements whose `href` leads somewhere; Outlook's buttons and pictures are VML (`v:roundrect`, `v:rect`, …). */
const LINKING = /^(?:a|area|v:[a-z]+)$/;

/** Elements whose text is for machines. */
const SILENT = /^(?:script|style|title)$/;

/** What Outlook for Windows reads of a comment, and everybody else skips. */
const CONDITIONAL = /^\[if\b[^\]]*\]>/i;
const CONDITIONAL_END = '<![endif]';

const BRACE = 0x7b;

/** From the end of an attribute's name to the beginning of its value. */
const TO_VALUE = /\s*=\s*["']?/y;

/** The value of a link's `href`: its place in the template, without the quotes, and what it says, entities decoded once. */
export interface Href {
  readonly start: number;
  readonly end: number;
  readonly value: string;
}

export interface Scan {
  readonly hrefs: readonly Href[];
  /** What no reader sees, in its order: in comments, those for Outlook too, and in elements for machines. */
  readonly hidden: readonly (readonly [start: number, end: number])[];
  /** Where the last `</body>` begins; undefined where there is none. */
  readonly bodyEnd: number | undefined;
}

/**
 * Finds the links of some HTML as a browser would: not those in comments, scripts and styles, and of equal attributes the
 * first. Links that are marked `data-no-track` are left out. One pass, linear in its length.
 * @param masked the template with its Liquid covered; `template` itself says what the values are.
 */
export function scan(masked: string, template: string): Scan {
  const found: Found = { hrefs: [], hidden: [], ends: [] };
  read(masked, template, 0, found);
  const hrefs = found.hrefs.sort((a, b) => a.start - b.start);
  return { hrefs, hidden: found.hidden, bodyEnd: found.ends.at(-1) };
}

interface Found {
  hrefs: Href[];
  hidden: [start: number, end: number][];
  ends: number[];
}

/** Reads one document, or the inside of a conditional comment, that begins `base` characters into the template. */
function read(html: string, template: string, base: number, found: Found): void {
  let tag = '';
  let name = '';
  let nameEnd = 0;
  let value = '';
  let href: Href | undefined;
  let isMarked = false;

  const endOfTag = () => {
    if (href && !isMarked && LINKING.test(tag)) found.hrefs.push(href);
  };
  const nothing = () => undefined;
  const callbacks: TokenizerCallbacks = {
    onopentagname(start, end) {
      tag = withoutTags(html.slice(start, end)).toLowerCase();
      href = undefined;
      isMarked = false;
    },
    onattribname(start, end) {
      name = withoutTags(html.slice(start, end)).toLowerCase();
      nameEnd = end;
      value = '';
      if (name === 'data-no-track') isMarked = true;
    },
    onattribdata(start, end) {
      value += template.slice(base + start, base + end);
    },
    onattribentity(codepoint) {
      // A brace that was an entity is text, and begins no tag of the target's.
      value += codepoint === BRACE ? "{{ '{' }}" : String.fromCodePoint(codepoint);
    },
    onattribend(quote, end) {
      if (name !== 'href' || href || quote === QuoteType.NoValue) return;
      TO_VALUE.lastIndex = nameEnd;
      const start = nameEnd + (TO_VALUE.exec(html)?.[0].length ?? 0);
      href = { start: base + start, end: base + end - (quote === QuoteType.Unquoted ? 0 : 1), value };
    },
    onopentagend: endOfTag,
    onselfclosingtag: endOfTag,
    ontext(start, end) {
      if (base === 0 && SILENT.test(tag)) found.hidden.push([start, end]);
    },
    onclosetag(start, end) {
      tag = '';
      const isBody = base === 0 && withoutTags(html.slice(start, end)).toLowerCase() === 'body';
      if (isBody) found.ends.push(html.lastIndexOf('</', start));
    },
    oncomment(start, end, endOffset) {
      const comment = html.slice(start, end - endOffset);
      if (base === 0) found.hidden.push([start, end - endOffset]);
      const opening = CONDITIONAL.exec(comment)?.[0].length;
      const isClosed = comment.slice(-CONDITIONAL_END.length).toLowerCase() === CONDITIONAL_END;
      if (opening !== undefined && isClosed) read(comment.slice(opening), template, base + start + opening, found);
    },
    oncdata: nothing,
    ondeclaration: nothing,
    onend: nothing,
    onprocessinginstruction: nothing,
    ontextentity: nothing,
  };
  const tokenizer = new Tokenizer({ xmlMode: false, decodeEntities: true }, callbacks);
  tokenizer.write(html);
  tokenizer.end();
}
