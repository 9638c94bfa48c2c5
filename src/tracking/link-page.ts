import type { Page } from '../public-page.js';

const STYLE = `
:root { color-scheme: light dark; --ink: #1a1f2b; --paper: #fff; --ground: #f3f4f7; --line: #dfe2e9; }
@media (prefers-color-scheme: dark) { :root { --ink: #eceef3; --paper: #1b1f29; --ground: #11141b; --line: #303647; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--ground); color: var(--ink); font: 1rem/1.6 system-ui, sans-serif; }
main { width: 100%; max-width: 30rem; padding: 2.5rem; background: var(--paper); border: 1px solid var(--line); border-radius: .75rem; }
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25; }
p { margin: 0; }
`;

/** Nobody signed the link, or nothing is left of its message. */
export const unknownLinkPage = (): Page =>
  page(
    'This link does not work',
    'It is incomplete, was changed on its way, or its message is no longer known. Open it from the message itself, or copy all of it.',
  );

/** Its sender does not send any more. */
export const goneLinkPage = (): Page =>
  page('This link is no longer there', 'The sender of the message has ended, and so have the links in it.');

function page(heading: string, content: string): Page {
  return { title: heading, style: STYLE, body: `<main>\n<h1>${heading}</h1>\n<p>${content}</p>\n</main>` };
}
