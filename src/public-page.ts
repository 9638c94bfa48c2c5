import { createHash } from 'node:crypto';
import type { Response } from 'express';
import { escapeHtml } from './html.js';

/** A page the hub shows to people. `body` is HTML that is escaped already; `title` is text. */
export interface Page {
  title: string;
  body: string;
  style: string;
}

/**
 * Answers with a page that needs no script and nothing of another host. Its policy allows its own style, by hash, and
 * forms that post to the hub; neither framed, nor indexed, nor kept, nor named to where its links lead.
 */
export function sendPage(res: Response, status: number, { title, body, style }: Page): void {
  const styleHash = createHash('sha256').update(style).digest('base64');
  res.set({
    'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
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
</body>
</html>
`);
}
