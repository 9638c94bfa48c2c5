import type { Page } from '../public-page.js';
import { STYLE } from './page-style.js';

/** Nobody signed the link, or nothing is left of its message. */
export const unknownLinkPage = (): Page =>
  page(
    'This link does not work',
    'It is incomplete, was changed on its way, or its message is no longer known. Open it from the message itself, or copy all of it.',
  );

/** Its sender does not send any more. */
export const goneLinkPage = (): Page =>
  page('This link is no longer there', 'Its sender sends no more mail, and the links in earlier messages have ended.');

function page(heading: string, content: string): Page {
  return { title: heading, style: STYLE, body: `<main>\n<h1>${heading}</h1>\n<p>${content}</p>\n</main>` };
}
