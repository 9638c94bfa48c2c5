interface Failure {
  code: string;
  message: string;
}

/** How one delivery's attempt ended. */
export type Outcome = { at: Date } & (
  | { kind: 'sent'; messageId: string }
  /** SES may have taken it; only its own events can tell. */
  | { kind: 'unconfirmed'; error: Failure }
  /** SES refuses it, or it cannot be made: it is at its end. */
  | { kind: 'failed'; error: Failure }
  | { kind: 'suppressed'; error: Failure }
);
