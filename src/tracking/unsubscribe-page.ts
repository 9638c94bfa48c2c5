import { escapeHtml } from '../html.js';
import type { Page } from '../public-page.js';
import { STYLE } from './page-style.js';

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
