import { Output, type Template, TokenKind } from 'liquidjs';
import { escapeHtml } from '../../html.js';
import { namesUsed } from '../../templates/names.js';
import { maskLiquid } from './mask.js';
import { scan } from './scan.js';

/** What every campaign has to say at its end, if nowhere else: how to leave, and who its sender is. */
export interface Imprint {
  /** The sender's postal address, several lines; undefined where the business has not given one. */
  postalAddress?: string | undefined;
}

/** The HTML that a template lacks of the imprint; empty where it lacks nothing. */
export function htmlFooter(html: string, parsed: readonly Template[], imprint: Imprint): string {
  const { address, link } = missing(shownOf(html), parsed, imprint);
  const lines = address.map((line) => literal(escapeHtml(line)));
  const content = [...lines, ...(link ? ['<a href="{{ unsubscribe_url }}">Unsubscribe</a>'] : [])].join('<br>');
  if (!content) return '';
  return `<div style="margin:24px auto 0;padding:16px;max-width:600px;font:12px/1.5 Arial,Helvetica,sans-serif;text-align:center">${content}</div>`;
}

/** The same for the text part. */
export function textFooter(text: string, parsed: readonly Template[], imprint: Imprint): string {
  const { address, link } = missing(text, parsed, imprint);
  const content = [...address.map(literal), ...(link ? ['Unsubscribe: {{ unsubscribe_url }}'] : [])].join('\n');
  return content ? `\n\n${content}\n` : '';
}

/**
 * What a template lacks. What is inside a condition or a loop is not in every message, and does not count.
 * @param shown the template, as long as it was parsed, without what no reader sees.
 */
function missing(shown: string, parsed: readonly Template[], { postalAddress }: Imprint) {
  const outputs = parsed.filter((part) => part instanceof Output && shown.startsWith('{{', part.token.begin));
  const texts = parsed
    .filter(({ token }) => token.kind === TokenKind.HTML)
    .map(({ token }) => shown.slice(token.begin, token.end));
  return {
    address: hasAddress(texts.join(' '), postalAddress) ? [] : linesOf(postalAddress),
    link: !namesUsed([outputs]).includes('unsubscribe_url'),
  };
}

/** The HTML with blanks for what no reader sees. */
function shownOf(html: string): string {
  let shown = '';
  for (const [start, end] of scan(maskLiquid(html).html, html).hidden) {
    shown += html.slice(shown.length, start) + ' '.repeat(end - start);
  }
  return shown + html.slice(shown.length);
}

/** Whether HTML is shown at a place of a template: not where a comment or an element such as `<style>` never ends. */
export function isShown(template: string, html: string, at: number): boolean {
  const link = '<a href="x">';
  const tried = template.slice(0, at) + html + link;
  const [last] = scan(maskLiquid(tried).html, tried).hrefs.slice(-1);
  return last?.start === tried.length - link.length + '<a href="'.length;
}

/** Whether the content names the address already: each of its lines, wherever they stand. */
function hasAddress(content: string, postalAddress: string | undefined): boolean {
  const words = collapsed(content);
  return linesOf(postalAddress).every((line) =>
    [line, escapeHtml(line)].some((spelling) => words.includes(collapsed(spelling))),
  );
}

const linesOf = (address: string | undefined) => address?.split('\n').filter((line) => line.trim()) ?? [];
const collapsed = (text: string) => text.replace(/\s+/g, ' ').toLowerCase();

/** A brace of the address begins no tag. */
const literal = (text: string) => text.replaceAll('{', "{{ '{' }}");
