import { type Template, Tokenizer, TokenKind } from 'liquidjs';
import { escapeHtml } from '../../html.js';
import { namesDefined } from '../../templates/names.js';
import { isTrackable } from '../targets.js';
import { maskLiquid } from './mask.js';
import { scan } from './scan.js';

/** So many links of a message are tracked at most; those behind them stay as they are. */
const MAX_LINKS = 1_000;

/** Shown by no mail program, but fetched by those that show pictures. */
const PIXEL = '<img src="{{ pmh_open }}" width="1" height="1" alt="" style="border:0">';

const PLACE = /\{\{ pmh_links\[(\d+)\] \}\}/g;

/** What stands for a link in the frozen HTML; the engine gives each message's own (`sending/batch/values.ts`). */
const place = (number: number) => `{{ pmh_links[${number}] }}`;

/** The HTML of a campaign's template, and what is to be done to it. */
export interface Rewriting {
  html: string;
  /** `html`, parsed. */
  parsed: readonly Template[];
  tracksClicks: boolean;
  tracksOpens: boolean;
  /** HTML that ends the message; empty where nothing is missing. */
  footer: string;
}

/**
 * Rewrites the HTML of a template: each link that can be tracked becomes a place for a message's own link; the footer and
 * the pixel go before the last `</body>`, or to the end where every message does not have that one. Everything else stays the same to the byte.
 * @returns `links`, the targets as templates, by the number that stands in the HTML: of equal links the same one; and `end`,
 * where the footer and the pixel went, as a place of the given HTML.
 */
export function rewrite(rewriting: Rewriting): { html: string; links: string[]; end: number } {
  const { html, parsed, tracksClicks, tracksOpens, footer } = rewriting;
  const masked = maskLiquid(html);
  const { hrefs, bodyEnd = html.length } = scan(masked.html, html);
  const numbers = new Map<string, number>();
  const defined = namesDefined(parsed);
  const isNew = (target: string) => numbers.size < MAX_LINKS && isTrackable(target, defined);
  let written = '';
  let read = 0;
  const put = (start: number, end: number, text: string) => {
    written += html.slice(read, start) + text;
    read = end;
  };

  const end = isInEvery(parsed, bodyEnd) ? bodyEnd : html.length;
  const ending = footer + (tracksOpens ? PIXEL : '');
  let isEnded = false;
  for (const { start, end: hrefEnd, value } of tracksClicks ? hrefs : []) {
    const target = value.trim();
    if (masked.isRaw(start) || !(numbers.has(target) || isNew(target))) continue;
    const number = numbers.get(target) ?? numbers.size;
    numbers.set(target, number);
    // What some editors leave behind the body.
    if (start > end && !isEnded) {
      put(end, end, ending);
      isEnded = true;
    }
    put(start, hrefEnd, place(number));
  }
  if (!isEnded) put(end, end, ending);
  return { html: written + html.slice(read), links: [...numbers.keys()], end };
}

/** Whether a place of a template is put out with every message: not text of a tag, such as a condition's or `raw`. */
function isInEvery(parsed: readonly Template[], at: number): boolean {
  return parsed.some(({ token: { kind, begin, end } }) => kind === TokenKind.HTML && begin <= at && at < end);
}

/**
 * The HTML as its author could have written it, without pixel and with the links it leads to: what a copy of a campaign
 * begins with when its template is gone. The footer stays, and is not put there twice.
 */
export function restore(html: string, links: readonly string[]): string {
  return html
    .replace(PIXEL, '')
    .replace(PLACE, (_place, number: string) => escapeAroundLiquid(links[Number(number)] ?? ''));
}

/** Liquid in an attribute stays as it is: what it puts out is escaped when it is rendered. */
function escapeAroundLiquid(template: string): string {
  return new Tokenizer(template)
    .readTopLevelTokens()
    .map(({ kind, begin, end }) => {
      const part = template.slice(begin, end);
      return kind === TokenKind.HTML ? escapeHtml(part) : part;
    })
    .join('');
}
