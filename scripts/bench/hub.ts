import type { Services } from '../../src/embedded/services.js';
import { hubEnvironment as environmentOf } from '../support/hub-environment.js';
import { startChild } from './child.js';

/** The environment of an API or worker process over the bench's services. */
export function hubEnvironment(services: Services, port: number): NodeJS.ProcessEnv {
  // What is measured is the hub, not its limits.
  return environmentOf(services, port, { RATE_LIMITS: 'off', LOG_LEVEL: 'error' });
}

/** The API over HTTP, signed in as the admin of a business with its own SES account. */
export interface BenchHub {
  pid: number;
  businessId: string;
  /** @param body as JSON; with another `type` as it is: the text, or its chunks. */
  call<T = Record<string, never>>(
    method: string,
    path: string,
    body?: object | string | AsyncIterable<Uint8Array>,
    type?: string,
  ): Promise<T>;
  close(): Promise<void>;
}

/** Starts the built API and registers a business. @throws Error with the answer when a step fails. */
export async function startHub(env: NodeJS.ProcessEnv): Promise<BenchHub> {
  const api = await startChild(['dist/server.js'], env);
  let token = '';
  const call = async <T>(
    method: string,
    path: string,
    body?: object | string | AsyncIterable<Uint8Array>,
    type = 'application/json',
  ): Promise<T> => {
    const response = await fetch(`http://127.0.0.1:${env.PORT}${path}`, {
      method,
      headers: { ...(body ? { 'content-type': type } : {}), ...(token ? { authorization: `Bearer ${token}` } : {}) },
      ...(body
        ? { body: type === 'application/json' ? JSON.stringify(body) : (body as RequestInit['body']), duplex: 'half' }
        : {}),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
    return answer as T;
  };
  const registered = await call<{ token: string; business: { id: string } }>('POST', '/api/auth/register', {
    businessName: 'Bench',
    domain: 'example.com',
    email: 'bench@example.com',
    password: 'Test123!',
    name: 'Bench',
  });
  token = registered.token;
  await call('PUT', '/api/business/ses', {
    accessKeyId: 'AKIABENCHHUB',
    secretAccessKey: 'secret',
    region: 'eu-west-1',
  });
  const { domain } = await call<{ domain: { id: string } }>('POST', '/api/business/domains', { domain: 'example.com' });
  await call('POST', `/api/business/domains/${domain.id}/verify`);
  return {
    pid: api.pid ?? 0,
    businessId: registered.business.id,
    call,
    async close() {
      api.kill('SIGTERM');
      await new Promise((resolve) => api.once('exit', resolve));
    },
  };
}
