import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Action } from './action.js';
import { ACCOUNT_ACTIONS } from './actions.js';
import { type Caller, identifyCaller } from './caller.js';
import { CONFIGURATION_ACTIONS } from './configuration-actions.js';
import { SesError } from './errors.js';
import { answer } from './http.js';
import { checkPermission, resourceOf } from './permissions.js';
import { errorXml, QueryRequest, type Service, successXml } from './query-protocol.js';
import { SEND_ACTIONS, type SendAction, type SendOutcome, send } from './sending.js';
import { SNS_ACTIONS } from './sns/actions.js';
import type { SesState } from './state.js';

const ACTIONS: Readonly<Record<string, Action>> = { ...ACCOUNT_ACTIONS, ...CONFIGURATION_ACTIONS, ...SNS_ACTIONS };

/** Answers a call of the AWS Query protocol, which SES v1, SNS and STS speak. */
export async function answerQuery(
  state: SesState,
  authorization: string | undefined,
  response: ServerResponse,
  { body, requestId }: { body: Buffer; requestId: string },
): Promise<void> {
  const query = new QueryRequest(body);
  const action = query.get('Action') ?? '';
  const service = serviceOf(action);
  try {
    state.record.countCall(action);
    const caller = identifyCaller(authorization);
    checkAllowed(state, caller, service, query);
    if (isSend(action)) {
      await answerSend(response, action, await send(state, caller, action, query), requestId);
      return;
    }
    const result = perform(state, caller, action, query);
    answer(response, 200, 'text/xml', successXml(action, result, requestId, service), requestId);
  } catch (error) {
    if (!(error instanceof SesError)) throw error;
    state.record.countRefusal(error.code);
    answer(response, error.status, 'text/xml', errorXml(error, requestId, service), requestId);
  }
}

function perform(state: SesState, { accessKeyId, region }: Caller, action: string, query: QueryRequest): string {
  const act = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
  if (!act) throw new SesError('InvalidAction', `Could not find operation ${action}`);
  const refusal = state.failures.takeRefusal({ action, accessKeyId, recipients: [] });
  if (refusal) throw refusal;
  return act(state.accounts.of(accessKeyId), query, { state, region });
}

/** IAM has no say in who one is. */
function checkAllowed(state: SesState, { accessKeyId, region }: Caller, service: Service, query: QueryRequest): void {
  const account = state.accounts.of(accessKeyId);
  if (service === 'sts' || account.settings.deniedActions.length === 0) return;
  const resource = resourceOf(service, query, account, region);
  checkPermission(account, { service, action: query.get('Action') ?? '', resource });
}

function serviceOf(action: string): Service {
  if (action === 'GetCallerIdentity') return 'sts';
  return Object.hasOwn(SNS_ACTIONS, action) ? 'sns' : 'ses';
}

async function answerSend(
  response: ServerResponse,
  action: SendAction,
  { messageId, loss, latencyMs }: SendOutcome,
  requestId: string,
): Promise<void> {
  if (loss?.kind === 'drop') {
    response.destroy();
    return;
  }
  if (loss?.kind === 'stall' && loss.delayMs === undefined) return;
  if (loss?.kind === 'half-answer') {
    response.writeHead(200, { 'content-type': 'text/xml', 'content-length': 500 });
    response.write(`<${action}Response`);
    return;
  }
  const waitMs = latencyMs + (loss?.kind === 'stall' ? (loss.delayMs ?? 0) : 0);
  if (waitMs > 0) await delay(waitMs);
  if (loss?.kind === 'bad-gateway' || messageId === undefined) {
    answer(
      response,
      502,
      'text/html',
      '<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>',
    );
    return;
  }
  answer(response, 200, 'text/xml', successXml(action, `<MessageId>${messageId}</MessageId>`, requestId), requestId);
}

function isSend(action: string): action is SendAction {
  return (SEND_ACTIONS as readonly string[]).includes(action);
}
