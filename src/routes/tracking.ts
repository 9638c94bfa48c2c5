import { type Request, Router } from 'express';
import { describe } from '../middleware/validate.js';
import { sendPage } from '../public-page.js';
import { Click, Open } from '../schemas/tracking.js';
import { follow } from '../tracking/clicks.js';
import { goneLinkPage, unknownLinkPage } from '../tracking/link-page.js';
import type { Hit } from '../tracking/machines.js';
import { noteOpen } from '../tracking/opens.js';

export const tracking = Router();

/**
 * One transparent pixel (GIF 89a): the 43 bytes that every mail program shows. As a string, so that Node writes it
 * together with the headers: a second chunk would be a third of what answering costs.
 */
const PIXEL = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==', 'base64').toString('latin1');

/** More of a browser's name than anybody looks at. */
const MAX_AGENT = 512;

// HEAD comes to both: it is answered as a GET would be, and counts nothing.
tracking.get('/o/:token', describe(Open), async (req, res) => {
  const isKnown = await noteOpen(String(req.params.token), hitOf(req));
  res.writeHead(isKnown ? 200 : 404, {
    'Content-Type': 'image/gif',
    'Content-Length': PIXEL.length,
    'Cache-Control': 'no-store',
    'X-Robots-Tag': 'noindex, nofollow',
    // Some web mail shows pictures from its own pages only where these allow it.
    'Cross-Origin-Resource-Policy': 'cross-origin',
  });
  res.end(PIXEL, 'latin1');
});

tracking.get('/c/:token', describe(Click), async (req, res) => {
  const followed = await follow(String(req.params.token), hitOf(req));
  if (followed.kind === 'unknown') return sendPage(res, 404, unknownLinkPage());
  if (followed.kind === 'gone') return sendPage(res, 410, goneLinkPage());
  res.writeHead(302, {
    // As it stands: Express would encode it once more.
    Location: followed.url,
    'Content-Length': 0,
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    'X-Robots-Tag': 'noindex, nofollow',
  });
  res.end();
});

/** Who asks; nobody does with HEAD, which only looks whether the link is there. */
function hitOf(req: Request): Hit | undefined {
  if (req.method === 'HEAD') return undefined;
  const purposes = [req.headers['sec-purpose'], req.headers.purpose, req.headers['x-purpose'], req.headers['x-moz']];
  return {
    at: new Date(),
    userAgent: (req.headers['user-agent'] ?? '').slice(0, MAX_AGENT),
    ip: req.ip,
    isPrefetch: purposes.some((purpose) => /prefetch|prerender|preview/i.test(String(purpose ?? ''))),
  };
}
