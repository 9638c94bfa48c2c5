import type { Request } from 'express';
import { AppError } from '../errors.js';

/** As long as a lease: a sender that says nothing for so long is taken for gone. */
const IDLE_MS = 60_000;
/** How long the rest of a file is read and thrown away, so that its sender gets to read why it was refused. */
const LINGER_MS = 30_000;

/** A request's body as it comes in, with back-pressure, and what its Content-Type says of it. */
export interface Upload<T extends string> {
  type: T;
  charset: string | undefined;
  bytes: AsyncIterable<Buffer>;
}

/**
 * Gives a request's body to `read`, which may end before the body does: the rest is then read past, for a connection that is
 * closed before its sender is done loses the answer too (as nginx's `lingering_close` says).
 * @param types the media types that `handle` lets through as streams.
 * @throws AppError 415 for a compressed body, and what `read` throws.
 */
export async function withUpload<T extends string, R>(
  req: Request,
  types: readonly T[],
  read: (upload: Upload<T>) => Promise<R>,
): Promise<R> {
  try {
    const type = types.find((one) => req.is(one));
    if (!type) throw new AppError('unsupported_media_type', 415, `Content-Type must be one of: ${types.join(', ')}`);
    const coding = req.headers['content-encoding'] ?? 'identity';
    if (coding !== 'identity') {
      throw new AppError('unsupported_media_type', 415, 'The body must be uncompressed: without a Content-Encoding');
    }
    req.setTimeout(IDLE_MS, () => req.destroy());
    const [, charset] = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(req.headers['content-type'] ?? '') ?? [];
    return await read({ type, charset, bytes: req.iterator({ destroyOnReturn: false }) });
  } finally {
    if (!req.complete && !req.destroyed) discardRest(req);
  }
}

function discardRest(req: Request): void {
  const timer = setTimeout(() => req.destroy(), LINGER_MS).unref();
  req.once('close', () => clearTimeout(timer));
  req.resume();
}
