import { accountIdOf } from './caller.js';
import { ConfigurationSets } from './configuration-sets.js';
import { Identities } from './identities.js';
import { SendLimits } from './limits.js';
import type { AccountChange, AccountSettings } from './settings.js';
import { SuppressionList } from './suppression-list.js';

/** An AWS account with one access key. */
export interface Account {
  readonly accessKeyId: string;
  /** Twelve digits. */
  readonly accountId: string;
  readonly settings: AccountSettings;
  readonly limits: SendLimits;
  readonly identities: Identities;
  readonly configurationSets: ConfigurationSets;
  readonly suppression: SuppressionList;
}

/** Every account that was ever asked about: they come into being by being asked about. */
export class Accounts {
  readonly #accounts = new Map<string, Account>();

  constructor(
    private readonly defaults: AccountSettings,
    private readonly now: () => number,
  ) {}

  of(accessKeyId: string): Account {
    const known = this.#accounts.get(accessKeyId);
    if (known) return known;
    const settings = { ...this.defaults };
    const account: Account = {
      accessKeyId,
      accountId: accountIdOf(accessKeyId),
      settings,
      limits: new SendLimits(settings, this.now),
      identities: new Identities(accessKeyId),
      configurationSets: new ConfigurationSets(),
      suppression: new SuppressionList(),
    };
    this.#accounts.set(accessKeyId, account);
    return account;
  }

  list(): Account[] {
    return [...this.#accounts.values()];
  }

  /** Changes what the change names and leaves the rest. */
  change(accessKeyId: string, { sentLast24Hours, ...settings }: AccountChange): Account {
    const account = this.of(accessKeyId);
    Object.assign(account.settings, settings);
    if (sentLast24Hours !== undefined) account.limits.setSentLast24Hours(sentLast24Hours);
    return account;
  }

  /** Forgets every account. */
  clear(): void {
    this.#accounts.clear();
  }
}
