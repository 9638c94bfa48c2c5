/** The width of the finest buckets. */
export const BUCKET_MS = 100;
/** An hour of uninterrupted sending by one account. */
const MAX_BUCKETS = 36_000;

/** Recipients within one bucket of time. */
export interface RatePoint {
  /** The bucket's start, in milliseconds since 1970. */
  at: number;
  offered: number;
  accepted: number;
}

/** How many recipients were offered and accepted over time, by account. Empty buckets take no room. */
export class RateSeries {
  readonly #accounts = new Map<string, Map<number, RatePoint>>();

  count(accessKeyId: string, what: 'offered' | 'accepted', recipients: number, at: number): void {
    const bucket = Math.floor(at / BUCKET_MS);
    const buckets = this.#bucketsOf(accessKeyId);
    let point = buckets.get(bucket);
    if (!point) {
      point = { at: bucket * BUCKET_MS, offered: 0, accepted: 0 };
      buckets.set(bucket, point);
      const [oldest] = buckets.keys();
      if (buckets.size > MAX_BUCKETS && oldest !== undefined) buckets.delete(oldest);
    }
    point[what] += recipients;
  }

  /** The points of one account or of all together, in buckets of a multiple of {@link BUCKET_MS}, without empty ones. */
  points(bucketMs: number, accessKeyId?: string): RatePoint[] {
    const merged = new Map<number, RatePoint>();
    for (const [account, buckets] of this.#accounts) {
      if (accessKeyId !== undefined && account !== accessKeyId) continue;
      for (const { at, offered, accepted } of buckets.values()) {
        const start = Math.floor(at / bucketMs) * bucketMs;
        const point = merged.get(start) ?? { at: start, offered: 0, accepted: 0 };
        merged.set(start, { at: start, offered: point.offered + offered, accepted: point.accepted + accepted });
      }
    }
    return [...merged.values()].sort((a, b) => a.at - b.at);
  }

  clear(): void {
    this.#accounts.clear();
  }

  #bucketsOf(accessKeyId: string): Map<number, RatePoint> {
    const known = this.#accounts.get(accessKeyId);
    if (known) return known;
    const buckets = new Map<number, RatePoint>();
    this.#accounts.set(accessKeyId, buckets);
    return buckets;
  }
}
