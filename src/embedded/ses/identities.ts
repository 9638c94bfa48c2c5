import { createHash } from 'node:crypto';

/** As SES says of identities, DKIM and MAIL FROM domains. */
export const IDENTITY_STATUSES = ['Pending', 'Success', 'Failed', 'TemporaryFailure', 'NotStarted'] as const;
export type IdentityStatus = (typeof IDENTITY_STATUSES)[number];

/** A domain or an address that an account has asked SES to verify. */
export interface Identity {
  /** Lower case. */
  readonly name: string;
  readonly isDomain: boolean;
  /** To be published as TXT of `_amazonses.<domain>`. */
  readonly verificationToken: string;
  /** To be published as three CNAMEs `<token>._domainkey.<domain>`. */
  readonly dkimTokens: readonly string[];
  status: IdentityStatus;
  dkimStatus: IdentityStatus;
  mailFromDomain: string | undefined;
  mailFromStatus: IdentityStatus;
  mailFromOnFailure: string;
  isForwardingFeedback: boolean;
}

const SIMULATOR_DOMAIN = 'simulator.amazonses.com';

/** The identities of one account. Tokens are made of account and name, so they are the same after a restart. */
export class Identities {
  readonly #identities = new Map<string, Identity>();

  constructor(private readonly accessKeyId: string) {}

  get(name: string): Identity | undefined {
    return this.#identities.get(name.toLowerCase());
  }

  list(): Identity[] {
    return [...this.#identities.values()];
  }

  delete(name: string): void {
    this.#identities.delete(name.toLowerCase());
  }

  /** The identity, created with `status` when it is new. */
  ensure(name: string, status: IdentityStatus): Identity {
    const known = this.get(name);
    if (known) return known;
    const identity: Identity = {
      name: name.toLowerCase(),
      isDomain: !name.includes('@'),
      verificationToken: this.#digest(name, 'verification').toString('base64'),
      dkimTokens: [1, 2, 3].map((number) => this.#digest(name, `dkim${number}`).toString('hex').slice(0, 32)),
      status,
      dkimStatus: 'NotStarted',
      mailFromDomain: undefined,
      mailFromStatus: 'Pending',
      mailFromOnFailure: 'UseDefaultValue',
      isForwardingFeedback: true,
    };
    this.#identities.set(identity.name, identity);
    return identity;
  }

  /** Whether an address may send, or be sent to in the sandbox: by itself, by its domain or a parent, or as the simulator. */
  isVerified(address: string): boolean {
    if (this.get(address)?.status === 'Success') return true;
    const labels = address
      .slice(address.lastIndexOf('@') + 1)
      .toLowerCase()
      .split('.');
    const domains = labels.map((_, index) => labels.slice(index).join('.'));
    return domains.some((domain) => domain === SIMULATOR_DOMAIN || this.get(domain)?.status === 'Success');
  }

  #digest(name: string, purpose: string): Buffer {
    return createHash('sha256').update(`${this.accessKeyId} ${name.toLowerCase()} ${purpose}`).digest();
  }
}
