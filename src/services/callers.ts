import { LRUCache } from 'lru-cache';
import type { PipelineStage, Types } from 'mongoose';
import { type Business, BusinessModel } from '../models/business.js';
import type { Plan } from '../plans.js';
import type { Caller } from '../tenant.js';

/** What is known of a caller holds so long, in ms, from the moment its reading began. */
const FRESH_MS = 1_000;

/** Callers kept, of each kind; the least used make room. */
const MOST = 10_000;

/** Things read of late, by name. Those that ask while one is being read get the same; what is not found is not kept. */
class Recent<T> {
  private readonly cache = new LRUCache<string, Promise<T | undefined>>({ max: MOST, ttl: FRESH_MS });

  /**
   * @param isOutdated tells of what is kept that it is read anew, once.
   * @throws what `read` throws, which is not kept either.
   */
  async get(
    name: string,
    read: () => Promise<T | undefined>,
    isOutdated: (kept: T) => boolean = () => false,
  ): Promise<T | undefined> {
    const known = this.cache.get(name);
    if (known) {
      const kept = await known;
      if (kept === undefined || !isOutdated(kept)) return kept;
      if (this.cache.peek(name) === known) this.cache.delete(name);
      return this.get(name, read);
    }
    const reading = read();
    this.cache.set(name, reading);
    const drop = () => {
      if (this.cache.peek(name) === reading) this.cache.delete(name);
    };
    const found = await reading.catch((error: unknown) => {
      drop();
      throw error;
    });
    if (found === undefined) drop();
    return found;
  }

  clear(): void {
    this.cache.clear();
  }
}

/** A user who may sign in, and the version that his tokens must have. */
export interface KnownUser {
  version: number;
  caller: Caller;
}

/**
 * Who callers are, as it was a second ago at most: whatever changes about them bites within that in every process, without
 * any of them telling the others.
 */
export interface Callers {
  /** By id. */
  users: Pick<Recent<KnownUser>, 'get'>;
  /** By the key's hash. */
  keys: Pick<Recent<Caller>, 'get'>;
  /** Reads everybody anew: what was changed here just now bites at once in this process. */
  forget(): void;
}

export function createCallers(): Callers {
  const users = new Recent<KnownUser>();
  const keys = new Recent<Caller>();
  return {
    users,
    keys,
    forget() {
      users.clear();
      keys.clear();
    },
  };
}

/** This process's. */
export const callers = createCallers();

/** A document, and what its business says of its callers; null where there is none. */
export type WithBusiness<T extends { business?: unknown }> = Omit<T, 'business'> & {
  business: (Pick<Business, 'status'> & { _id: Types.ObjectId; subscription: { plan: Plan } }) | null;
};

/** Stages that put its business in the place of the business's id: both with one read. */
export function withBusiness(): [PipelineStage.Lookup, PipelineStage.Set] {
  return [
    {
      $lookup: {
        from: BusinessModel.collection.name,
        localField: 'business',
        foreignField: '_id',
        pipeline: [{ $project: { status: 1, 'subscription.plan': 1 } }],
        as: 'business',
      },
    },
    { $set: { business: { $ifNull: [{ $first: '$business' }, null] } } },
  ];
}
