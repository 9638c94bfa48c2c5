/** What an error of a send says about the message, and what follows from it. */
export type SendFailure =
  /** Not sent, and the account must go slower. Costs no attempt. */
  | { kind: 'throttled' }
  /** Not sent: the account's rolling 24 hours are used up. Costs no attempt. */
  | { kind: 'day_exhausted' }
  /** Not sent: nothing of this account can be sent until a person acts. */
  | { kind: 'account'; code: string; message: string }
  /** Not sent: the keys are wrong, expired or may not send. */
  | { kind: 'credentials'; code: string; message: string }
  /** Not sent: SES refuses this message or address. */
  | { kind: 'rejected'; code: string; message: string }
  /** Not sent: the call never reached SES. */
  | { kind: 'unreachable'; code: string; message: string }
  /** Perhaps sent: no answer, or one that says nothing. Never tried again by itself. */
  | { kind: 'unclear'; code: string; message: string };

const ACCOUNT = new Set([
  'AccountSendingPaused',
  'ConfigurationSetSendingPaused',
  'MailFromDomainNotVerified',
  'ConfigurationSetDoesNotExist',
]);

const CREDENTIALS = new Set([
  'InvalidClientTokenId',
  'SignatureDoesNotMatch',
  'AccessDenied',
  'ExpiredToken',
  'UnrecognizedClient',
  'InvalidSignature',
  'MissingAuthenticationToken',
  'OptInRequired',
  'NotAuthorized',
]);

/** The socket never opened, so no byte of the message left. */
const NEVER_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/**
 * Reads an error of `SendRawEmail` (Amazon SES API reference, "SendRawEmail" and "Common errors"). Pure. Whatever it
 * does not know is `unclear` unless SES itself refused it with a 4xx: in doubt a message counts as perhaps sent.
 */
export function classify(error: unknown): SendFailure {
  const { name, code, status, message } = read(error);
  const awsName = name.replace(/(Exception|Error)$/, '');
  const at = { code: awsName, message };

  if (NEVER_CONNECTED.has(code)) return { kind: 'unreachable', code, message };
  // smithy's TimeoutError covers both: only its text tells a socket that never opened.
  if (name === 'TimeoutError' && /establish(ed)? a connection|connection timed? ?out/i.test(message)) {
    return { kind: 'unreachable', ...at };
  }
  if (awsName === 'Throttling' || awsName === 'TooManyRequests' || awsName === 'RequestThrottled') {
    return /daily message quota/i.test(message) ? { kind: 'day_exhausted' } : { kind: 'throttled' };
  }
  if (ACCOUNT.has(awsName)) return { kind: 'account', ...at };
  if (CREDENTIALS.has(awsName)) return { kind: 'credentials', ...at };
  if (awsName === 'MessageRejected') {
    return {
      kind: /not verified|account is paused|sending (is )?paused/i.test(message) ? 'account' : 'rejected',
      ...at,
    };
  }
  if (status !== undefined && status >= 400 && status < 500 && status !== 408) return { kind: 'rejected', ...at };
  return { kind: 'unclear', code: code || awsName || 'Unknown', message };
}

function read(error: unknown): { name: string; code: string; status: number | undefined; message: string } {
  if (!(error instanceof Error)) return { name: '', code: '', status: undefined, message: String(error) };
  const { code, $metadata } = error as { code?: unknown; $metadata?: { httpStatusCode?: number } };
  return {
    name: error.name,
    code: typeof code === 'string' ? code : '',
    status: $metadata?.httpStatusCode,
    message: error.message.slice(0, 500),
  };
}
