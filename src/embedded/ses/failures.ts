import { z } from 'zod';
import { dailyQuotaExceeded, messageRejected, rateExceeded, SesError, sendingPaused } from './errors.js';

/** Refusals: nothing is accepted, and the caller is told so. */
const REFUSALS = ['throttle', 'daily-quota', 'reject', 'pause', 'error'] as const;
/** The caller gets no clear answer, and nothing was accepted. */
const LOSSES_BEFORE = ['stall', 'drop', 'bad-gateway'] as const;
/** The caller gets no clear answer, and the message was accepted. */
const LOSSES_AFTER = [
  'accept-then-stall',
  'accept-then-half-answer',
  'accept-then-drop',
  'accept-then-bad-gateway',
] as const;

/** A failure on demand; see the README for what each kind does. */
export const FailureRule = z.object({
  kind: z.enum([...REFUSALS, ...LOSSES_BEFORE, ...LOSSES_AFTER, 'latency']),
  /** Fails that many requests, then ends. Without it the rule stays until it is removed. */
  next: z.number().int().positive().optional(),
  /** Fails each request with this probability; 1 when left out. */
  fraction: z.number().min(0).max(1).default(1),
  /** `latency`: how long the answer waits. The stalls: when an answer comes after all; never when left out. */
  delayMs: z.number().min(0).optional(),
  /** Only requests of this access key. */
  accessKeyId: z.string().optional(),
  /** Only sends with a recipient that contains this text. */
  recipient: z.string().optional(),
  /** Only this action, e.g. `GetSendQuota`; without it, sends. Losses and latency are for sends alone. */
  action: z.string().optional(),
  /** `reject` and `error`: the sentence. */
  message: z.string().optional(),
  /** `error`: the name, e.g. `ConfigurationSetDoesNotExist`. */
  code: z.string().default('InternalFailure'),
  /** `error`: the HTTP status. */
  status: z.number().int().min(400).max(599).default(400),
});
export type FailureRule = z.input<typeof FailureRule>;

/** A rule that was added, and how many requests it has struck. */
export type Failure = z.output<typeof FailureRule> & { id: number; hits: number };

/** A request that may be made to fail. */
export interface Candidate {
  action: string;
  accessKeyId: string;
  /** Empty for what is not a send. */
  recipients: readonly string[];
}

/** How the caller is left without a clear answer; a stall with a delay answers late. */
export type Loss =
  | { kind: 'stall'; delayMs: number | undefined }
  | { kind: 'half-answer' }
  | { kind: 'drop' }
  | { kind: 'bad-gateway' };

/** The failures on demand, tried in the order in which they were added. */
export class Failures {
  #rules: Failure[] = [];
  #lastId = 0;

  constructor(private readonly random: () => number = Math.random) {}

  /** Adds a rule and answers its id. */
  add(rule: z.output<typeof FailureRule>): number {
    const id = ++this.#lastId;
    this.#rules.push({ ...rule, id, hits: 0 });
    return id;
  }

  /** The rules with how often each has struck, also those that are used up. */
  list(): Failure[] {
    return this.#rules;
  }

  /** Takes one rule back and answers it as it was at its end; undefined when there is no such rule. */
  remove(id: number): Failure | undefined {
    const removed = this.#rules.find((rule) => rule.id === id);
    this.#rules = this.#rules.filter((rule) => rule !== removed);
    return removed;
  }

  clear(): void {
    this.#rules = [];
  }

  /** The refusal that is due for this request. */
  takeRefusal(candidate: Candidate): SesError | undefined {
    const rule = this.#take(REFUSALS, candidate);
    return rule && refusalOf(rule);
  }

  /** The loss that is due for this send, before or after it is accepted. */
  takeLoss(phase: 'before' | 'after', candidate: Candidate): Loss | undefined {
    const rule = this.#take(phase === 'before' ? LOSSES_BEFORE : LOSSES_AFTER, candidate);
    if (!rule) return undefined;
    const kind = rule.kind.replace('accept-then-', '');
    if (kind === 'stall') return { kind, delayMs: rule.delayMs };
    return kind === 'drop' || kind === 'half-answer' ? { kind } : { kind: 'bad-gateway' };
  }

  /** How long the answer to this send has to wait, in milliseconds. */
  takeLatency(candidate: Candidate): number {
    return this.#take(['latency'], candidate)?.delayMs ?? 0;
  }

  #take(kinds: readonly string[], candidate: Candidate): Failure | undefined {
    const rule = this.#rules.find(
      (one) => kinds.includes(one.kind) && isDue(one) && matches(one, candidate) && this.random() < one.fraction,
    );
    if (rule) rule.hits++;
    return rule;
  }
}

function isDue({ next, hits }: Failure): boolean {
  return next === undefined || hits < next;
}

function matches(rule: Failure, { action, accessKeyId, recipients }: Candidate): boolean {
  const { recipient } = rule;
  if (rule.action === undefined ? recipients.length === 0 : rule.action !== action) return false;
  if (rule.accessKeyId !== undefined && rule.accessKeyId !== accessKeyId) return false;
  return recipient === undefined || recipients.some((address) => address.includes(recipient));
}

function refusalOf({ kind, code, message, status }: Failure): SesError {
  switch (kind) {
    case 'throttle':
      return rateExceeded();
    case 'daily-quota':
      return dailyQuotaExceeded();
    case 'pause':
      return sendingPaused();
    case 'reject':
      return messageRejected(message ?? 'Message rejected on demand.');
    default:
      return new SesError(code, message ?? 'Failed on demand.', status);
  }
}
