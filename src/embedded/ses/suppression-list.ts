/** Why SES itself put an address on an account's list, or was told to. */
export const SUPPRESSION_REASONS = ['BOUNCE', 'COMPLAINT'] as const;
export type SuppressionReason = (typeof SUPPRESSION_REASONS)[number];

/** An address that an account's mail does not go to. */
export interface SuppressedAddress {
  address: string;
  reason: SuppressionReason;
  /** In milliseconds since 1970. */
  updatedAt: number;
}

/** The suppression list of one account. The domain's case makes no difference. */
export class SuppressionList {
  readonly #addresses = new Map<string, SuppressedAddress>();

  put(suppressed: SuppressedAddress): void {
    this.#addresses.set(keyOf(suppressed.address), suppressed);
  }

  find(address: string): SuppressedAddress | undefined {
    return this.#addresses.size === 0 ? undefined : this.#addresses.get(keyOf(address));
  }

  /** Whether it was there. */
  delete(address: string): boolean {
    return this.#addresses.delete(keyOf(address));
  }

  /** The newest first. */
  list(): SuppressedAddress[] {
    return [...this.#addresses.values()].sort((a, b) => b.updatedAt - a.updatedAt);
  }
}

function keyOf(address: string): string {
  const at = address.lastIndexOf('@');
  return address.slice(0, at) + address.slice(at).toLowerCase();
}
