import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';

/**
 * Answers with a CSV file, written as fast as its reader takes it. A reader who hangs up is no failure.
 * @throws what `blocks` throws; when that is after the first block, the error handler can only cut the answer off.
 */
export async function sendCsv(res: Response, fileName: string, blocks: AsyncIterable<string>): Promise<void> {
  res.setHeader('Content-Type', 'text/csv; charset=utf-8; header=present');
  res.setHeader('Content-Disposition', `attachment; filename="${fileName}"`);
  try {
    await pipeline(Readable.from(blocks), res);
  } catch (error) {
    const isHangUp = error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
    if (!isHangUp) throw error;
  }
}
