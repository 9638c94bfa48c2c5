import { HubError, type HubErrorCode, type Problem } from './errors.js';

/** The JSON of an answer that is a success. @throws HubError for any other. */
export async function jsonOf<T>(response: Response, idempotencyKey?: string): Promise<T> {
  if (!response.ok) throw await failureOf(response, idempotencyKey);
  const text = await response.text();
  try {
    const { success, ...answer } = JSON.parse(text);
    return answer as T;
  } catch (cause) {
    throw unexpected(response, text, { cause, idempotencyKey });
  }
}

/** The error that an answer tells of. */
export async function failureOf(response: Response, idempotencyKey?: string): Promise<HubError> {
  const text = await response.text();
  const body = failureBody(text);
  if (!body) return unexpected(response, text, { idempotencyKey });
  const { success, message, code, requestId, errors, ...details } = body;
  return new HubError(code, message, {
    ...own(response, idempotencyKey),
    errors: errors ?? [],
    details,
    requestId,
  });
}

interface FailureBody {
  success: false;
  message: string;
  code: HubErrorCode;
  requestId: string;
  errors?: Problem[];
}

function failureBody(text: string): FailureBody | undefined {
  try {
    const body = JSON.parse(text);
    return typeof body?.code === 'string' && typeof body.message === 'string' ? body : undefined;
  } catch {
    return undefined;
  }
}

function unexpected(
  response: Response,
  text: string,
  { cause, idempotencyKey }: { cause?: unknown; idempotencyKey: string | undefined },
): HubError {
  const location = response.headers.get('location');
  const what = location ? `leads to ${location}` : text.slice(0, 200) || 'nothing';
  const message = `Not an answer of the hub: ${response.status} ${response.statusText}: ${what}`;
  return new HubError('unexpected_answer', message, { ...own(response, idempotencyKey), cause });
}

function own({ status, headers }: Response, idempotencyKey: string | undefined) {
  const requestId = headers.get('x-request-id');
  const retryAfterMs = retryAfter(headers.get('retry-after'));
  return {
    status,
    ...(requestId ? { requestId } : {}),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(idempotencyKey ? { idempotencyKey } : {}),
  };
}

/** RFC 9110, 10.2.3: seconds, or a date. */
function retryAfter(value: string | null): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
