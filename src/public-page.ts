import { createHash } from 'node:crypto';
import type { Response } from 'express';
import { escapeHtml } from './html.js';

/** A page the hub shows to people. `body` is HTML that is escaped already; `title` is text. */
export interface Page {
  title: string;
  body: string;
  style: string;
  /** A script of the page's own, at its end; it may call the hub. */
  script?: string;
}

/**
 * Answers with a page that needs nothing of another host. Its policy allows its own style and script, by hash, and forms
 * that post to the hub; neither framed, nor indexed, nor kept, nor named to where its links lead.
 */
export function sendPage(res: Response, status: number, { title, body, style, script }: Page): void {
  const scripts = script === undefined ? '' : ` script-src ${hashOf(script)}; connect-src 'self';`;
  res.set({
    'Content-Security-Policy': `default-src 'none'; style-src ${hashOf(style)};${scripts} form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
    'Referrer-Policy': 'no-referrer',
    'X-Frame-Options': 'DENY',
    'X-Robots-Tag': 'noindex, nofollow',
    'Cache-Control': 'no-store',
  });
  res
    .status(status)
    .type('html')
    .send(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
${body}
${script === undefined ? '' : `<script>${script}</script>\n`}</body>
</html>
`);
}

/** What stands between the tags, and nothing else (CSP Level 3 §8.4). */
function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
