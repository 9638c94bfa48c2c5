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

/** About this message or address. */
const MESSAGE = new Set([
  'InvalidParameterValue',
  'InvalidParameter',
  'InvalidParameterCombination',
  'MissingParameter',
  'ValidationError',
  'Validation',
]);

const CREDENTIALS = new Set([
  'RequestExpired',
  'IncompleteSignature',
  'RequestTimeTooSkewed',
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

/**
 * Reads an error of `SendRawEmail` (Amazon SES API reference, "SendRawEmail" and "Common errors"). Pure. Whatever it
 * does not know is `unclear` unless SES itself refused it with a 4xx: in doubt a message counts as perhaps sent.
 */
export function classify(error: unknown): SendFailure {
  const { name, code, syscall, status, message } = read(error);
  const awsName = name.replace(/(Exception|Error)$/, '');
  const at = { code: awsName, message };

  // The name was not found or the socket never opened, so no byte of the message left. The SDK gives a connection that
  // takes too long the same name as an answer that does; only its text tells them apart.
  if (syscall === 'connect' || syscall === 'getaddrinfo' || /did not establish a connection/.test(message)) {
    return { kind: 'unreachable', code: code || awsName, message };
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
  if (MESSAGE.has(awsName)) return { kind: 'rejected', ...at };
  if (status === 401 || status === 403) return { kind: 'credentials', ...at };
  // Refused for a reason that is not known here: the next message would fare no better, and a person should look.
  if (status !== undefined && status >= 400 && status < 500 && status !== 408) return { kind: 'account', ...at };
  const what = status === undefined ? message : `HTTP ${status}${message && message !== awsName ? `, ${message}` : ''}`;
  return { kind: 'unclear', code: code || awsName || 'Unknown', message: `SES gave no clear answer: ${what}` };
}

function read(error: unknown) {
  const { name, message, code, syscall, $metadata } = (error ?? {}) as {
    name?: unknown;
    message?: unknown;
    code?: unknown;
    syscall?: unknown;
    $metadata?: { httpStatusCode?: number };
  };
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  return {
    name: text(name),
    code: text(code),
    syscall: text(syscall),
    status: $metadata?.httpStatusCode,
    message: text(message).slice(0, 500),
  };
}
