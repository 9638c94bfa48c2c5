import { dailyQuotaExceeded, rateExceeded, type SesError } from './errors.js';
import type { AccountSettings } from './settings.js';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;

/** The sending limits of one account: a token bucket for the rate, and what it sent in the last 24 hours by the minute. */
export class SendLimits {
  #tokens: number;
  #refilledAt: number;
  readonly #sentByMinute = new Map<number, number>();
  #sentInWindow = 0;

  constructor(
    private readonly settings: AccountSettings,
    private readonly now: () => number,
  ) {
    this.#tokens = this.#capacity;
    this.#refilledAt = now();
  }

  /** Takes room for so many recipients, or answers why there is none and takes nothing. */
  take(recipients: number): SesError | undefined {
    const { max24HourSend } = this.settings;
    if (max24HourSend >= 0 && this.sentLast24Hours() + recipients > max24HourSend) return dailyQuotaExceeded();
    this.#refill();
    if (this.#tokens < recipients) return rateExceeded();
    this.#tokens -= recipients;
    this.count(recipients);
    return undefined;
  }

  /** Counts recipients into the day without asking. */
  count(recipients: number): void {
    const minute = Math.floor(this.now() / MINUTE_MS);
    this.#sentByMinute.set(minute, (this.#sentByMinute.get(minute) ?? 0) + recipients);
    this.#sentInWindow += recipients;
  }

  /** Recipients accepted in the last 24 hours, exact to the minute. */
  sentLast24Hours(): number {
    const oldest = Math.floor(this.now() / MINUTE_MS) - DAY_MINUTES;
    for (const [minute, sent] of this.#sentByMinute) {
      if (minute > oldest) break;
      this.#sentByMinute.delete(minute);
      this.#sentInWindow -= sent;
    }
    return this.#sentInWindow;
  }

  /** Sets what was sent in the last 24 hours, as if all of it had gone out now. */
  setSentLast24Hours(recipients: number): void {
    this.#sentByMinute.clear();
    this.#sentInWindow = 0;
    this.count(recipients);
  }

  get #capacity(): number {
    return Math.max(1, this.settings.burst ?? this.settings.maxSendRate);
  }

  #refill(): void {
    const now = this.now();
    const earned = ((now - this.#refilledAt) / 1000) * this.settings.maxSendRate;
    this.#tokens = Math.min(this.#capacity, this.#tokens + Math.max(0, earned));
    this.#refilledAt = now;
  }
}
