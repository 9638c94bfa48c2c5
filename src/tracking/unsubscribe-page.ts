import { escapeHtml } from '../html.js';
import type { Page } from '../public-page.js';

const STYLE = `
:root { color-scheme: light dark; --ink: #1a1f2b; --soft: #586073; --paper: #fff; --ground: #f3f4f7; --line: #dfe2e9; --act: #1f4fd8; --on-act: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eceef3; --soft: #a6adbd; --paper: #1b1f29; --ground: #11141b; --line: #303647; --act: #8fb0ff; --on-act: #0d1220; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--ground); color: var(--ink); font: 1rem/1.6 system-ui, sans-serif; }
main { width: 100%; max-width: 30rem; padding: 2.5rem; background: var(--paper); border: 1px solid var(--line); border-radius: .75rem; }
.sender { margin: 0 0 1.5rem; color: var(--soft); font-size: .875rem; overflow-wrap: anywhere; }
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25; }
p { margin: 0 0 1.5rem; overflow-wrap: anywhere; }
form { margin: 0; }
button { padding: .75rem 1.5rem; border: 1px solid var(--act); border-radius: .5rem; background: var(--act); color: var(--on-act); font: inherit; font-weight: 600; cursor: pointer; }
button.quiet { background: none; color: var(--act); }
button:focus-visible { outline: 3px solid var(--act); outline-offset: 3px; }
`;

/** Before anything happened: mail programs and scanners open links by themselves, so opening changes nothing. */
export function askPage(sender: string, email: string): Page {
  return page(
    sender,
    'Unsubscribe?',
    `<p><strong>${escapeHtml(email)}</strong> will get no more mailings from ${escapeHtml(sender)}.</p>
${form('unsubscribe', 'Unsubscribe')}`,
  );
}

export function unsubscribedPage(sender: string, email: string): Page {
  return page(
    sender,
    'You are unsubscribed',
    `<p><strong>${escapeHtml(email)}</strong> gets no more mailings from ${escapeHtml(sender)}. Messages that you asked for, such as receipts, may still come.</p>
${form('resubscribe', 'Subscribe me again', 'quiet')}`,
  );
}

export function resubscribedPage(sender: string, email: string): Page {
  return page(
    sender,
    'You are subscribed again',
    `<p><strong>${escapeHtml(email)}</strong> is no longer unsubscribed from ${escapeHtml(sender)}’s mailings.</p>
${form('unsubscribe', 'Unsubscribe', 'quiet')}`,
  );
}

export function badLinkPage(): Page {
  return {
    title: 'This link does not work',
    style: STYLE,
    body: `<main>
<h1>This link does not work</h1>
<p>It is incomplete or was changed on its way. Open it from the message itself, or copy all of it.</p>
</main>`,
  };
}

/** Posts to the page's own address, whose token says who and from what. */
function form(action: 'unsubscribe' | 'resubscribe', label: string, look = ''): string {
  return `<form method="post"><button name="action" value="${action}"${look ? ` class="${look}"` : ''}>${label}</button></form>`;
}

function page(sender: string, heading: string, content: string): Page {
  return {
    title: `${heading} · ${sender}`,
    style: STYLE,
    body: `<main>
<p class="sender">${escapeHtml(sender)}</p>
<h1>${heading}</h1>
${content}
</main>`,
  };
}
