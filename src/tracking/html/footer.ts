import { Output, type Template } from 'liquidjs';
import { escapeHtml } from '../../html.js';
import { namesUsed } from '../../templates/names.js';

/** What every campaign has to say at its end, if nowhere else: how to leave, and who its sender is. */
export interface Imprint {
  /** The sender's postal address, several lines; undefined where the business has not given one. */
  postalAddress?: string | undefined;
}

/**
 * Whether every message of a template has the unsubscribe link. One inside a condition or a loop is not in every message,
 * and does not count.
 */
export function hasUnsubscribeLink(parsed: readonly Template[]): boolean {
  return namesUsed([parsed.filter((template) => template instanceof Output)]).includes('unsubscribe_url');
}

/** The HTML that a template lacks of the imprint; empty where it lacks nothing. */
export function htmlFooter(html: string, parsed: readonly Template[], { postalAddress }: Imprint): string {
  const lines = hasAddress(html, postalAddress) ? [] : linesOf(postalAddress).map((line) => literal(escapeHtml(line)));
  const link = hasUnsubscribeLink(parsed) ? [] : ['<a href="{{ unsubscribe_url }}">Unsubscribe</a>'];
  const content = [...lines, ...link].join('<br>');
  if (!content) return '';
  return `<div style="margin:24px auto 0;padding:16px;max-width:600px;font:12px/1.5 Arial,Helvetica,sans-serif;text-align:center">${content}</div>`;
}

/** The same for the text part. */
export function textFooter(text: string, parsed: readonly Template[], { postalAddress }: Imprint): string {
  const lines = hasAddress(text, postalAddress) ? [] : linesOf(postalAddress).map(literal);
  const link = hasUnsubscribeLink(parsed) ? [] : ['Unsubscribe: {{ unsubscribe_url }}'];
  const content = [...lines, ...link].join('\n');
  return content ? `\n\n${content}\n` : '';
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
