import { setTimeout as sleep } from 'node:timers/promises';
import type { Types } from 'mongoose';
import { without } from './ledger.js';
import { load, succeeded } from './load.js';

const LANES = 64;
/** A little more than what is asked of the hub, so that it shows. */
const PER_SECOND = 1_200;
/** Opens may be gathered for a second; what is not written long after is lost, in ms. */
const PATIENCE_MS = 15_000;

const PERSON =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36';

/** What the pixel half measured. */
export interface PixelFigures {
  /** Answered a second, by one API process. */
  pixelPerSecond: number;
  /** From the moment a pixel was due to be asked for. */
  pixelP99Ms: number;
  /** Asked for and answered, and no open of theirs in the ledger. */
  pixelLost: number;
}

/** One message: its pixel's URL, and its row in the ledger. */
export interface Pixel {
  url: string;
  delivery: Types.ObjectId;
}

/**
 * Asks for each pixel once, 1,200 a second, then counts the opens in the ledger.
 * @param patienceMs how long after the last answer an open may still be written.
 * @throws Error unless each is answered with a 2xx.
 */
export async function benchPixels(pixels: readonly Pixel[], patienceMs = PATIENCE_MS): Promise<PixelFigures> {
  const calls = pixels.map(({ url }) => ({ url }));
  const answers = await load({ calls, lanes: LANES, perSecond: PER_SECOND, userAgent: PERSON });
  if (succeeded(answers.byStatus) < calls.length) {
    throw new Error(`The hub did not answer for every pixel: ${JSON.stringify([...answers.byStatus])}`);
  }
  const ids = pixels.map(({ delivery }) => delivery);
  const deadline = performance.now() + patienceMs;
  let lost = await unopened(ids);
  while (lost > 0 && performance.now() < deadline) {
    await sleep(100);
    lost = await unopened(ids);
  }
  return { pixelPerSecond: answers.perSecond, pixelP99Ms: answers.p99Ms, pixelLost: lost };
}

const unopened = (ids: readonly Types.ObjectId[]) => without(ids, ['openedAt', 'machineOpenedAt']);
