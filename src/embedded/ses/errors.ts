/** An answer of SES that is not a success: its name as the SDK's `err.name`, its HTTP status and its sentence. */
export class SesError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status = 400,
    /** What the error says besides, by the names of AWS's members. */
    readonly details: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = 'SesError';
  }

  /** SES blames itself for 5xx only. */
  get type(): 'Sender' | 'Receiver' {
    return this.status < 500 ? 'Sender' : 'Receiver';
  }
}

export const rateExceeded = () => new SesError('Throttling', 'Maximum sending rate exceeded.');
export const dailyQuotaExceeded = () => new SesError('Throttling', 'Daily message quota exceeded.');
export const messageRejected = (message: string) => new SesError('MessageRejected', message);
export const invalidParameter = (message: string) => new SesError('InvalidParameterValue', message);
export const sendingPaused = () =>
  new SesError('AccountSendingPausedException', 'Email sending is disabled for this Amazon SES account.');
export const notVerified = (identities: string[], region: string) =>
  messageRejected(
    `Email address is not verified. The following identities failed the check in region ${region.toUpperCase()}: ${identities.join(', ')}`,
  );
