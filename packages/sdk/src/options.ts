/** What a client is made with. Key and address may come straight from `process.env`: a missing one is refused. */
export interface ClientOptions {
  /** Of the business: `pmh_live_…`, or `pmh_test_…` for messages that go nowhere. A user's token works as well. */
  apiKey: string | undefined;
  /** Where the hub is, e.g. `https://mail.example.com`. */
  baseUrl: string | undefined;
  /** How long one try may take, in ms; 30,000 where absent. Streams have no limit unless a call names one. */
  timeoutMs?: number | undefined;
  /** How often a call is tried again; 3 where absent, 0 for never. */
  maxRetries?: number | undefined;
  /** Instead of the global `fetch`. */
  fetch?: typeof globalThis.fetch | undefined;
}

/** What every call takes. */
export interface RequestOptions {
  /** Ends the call, also while it waits between two tries; it then throws the signal's reason. */
  signal?: AbortSignal | undefined;
  /** How long one try may take, in ms. */
  timeoutMs?: number | undefined;
  /** How often it is tried again. */
  maxRetries?: number | undefined;
}

/** What a call takes that creates or sends something. */
export interface KeyedOptions extends RequestOptions {
  /**
   * Names what is to be done, at most 255 characters, e.g. `order-4711-confirmation`: within 24 hours the hub does it once,
   * also when your process dies and asks again. Where absent, one is made for all tries of this call.
   */
  idempotencyKey?: string | undefined;
}
