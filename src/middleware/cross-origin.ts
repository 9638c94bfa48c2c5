import cors from 'cors';
import type { RequestHandler } from 'express';
import { config } from '../config.js';

/** How long a browser may keep the answer to a preflight, in seconds: two hours is the most that Chromium does. */
const MAX_AGE_SECONDS = 7_200;

/**
 * Lets pages of the origins in FRONTEND_URL, and no others, call the API from a browser. Without credentials: who asks
 * stands in a header that the page sets, never in a cookie that the browser sends by itself, so no page of another origin
 * can act for somebody (CSRF), and none is asked to. A request from anywhere else is answered as ever, for nothing but
 * browsers looks; they keep the answer from the page.
 */
export function crossOrigin(): RequestHandler {
  return cors({
    // The origin of a URL: what browsers send has no path and no usual port.
    origin: config().frontendUrls.map((url) => new URL(url).origin),
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: [
      ...['Authorization', 'X-API-Key', 'X-Business-Id'],
      ...['Content-Type', 'Idempotency-Key', 'X-Request-Id'],
    ],
    exposedHeaders: [
      ...['X-Request-Id', 'Retry-After', 'RateLimit', 'RateLimit-Policy'],
      ...['Idempotent-Replayed', 'Content-Disposition'],
    ],
    maxAge: MAX_AGE_SECONDS,
  });
}
