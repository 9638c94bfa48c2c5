import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { AdminUpdateBusiness } from '../../src/schemas/admin.js';
import type { Login } from '../../src/schemas/auth.js';
import type { Client } from '../support/client.js';

const CREATE_ADMIN = fileURLToPath(new URL('../../dist/create-admin.js', import.meta.url));

/** Who raises a plan, and with what environment `create-admin` reaches the hub's database. */
export interface Owner {
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
}

/**
 * Raises a business's plan as the hub's owner does: `npm run create-admin`, then the administrator's call.
 * @throws Error when either is refused.
 */
export async function raisePlan(
  hub: Client,
  businessId: string,
  emailsPerMonth: number,
  { env, signal }: Owner,
): Promise<void> {
  const email = 'owner@hub.example';
  const password = randomBytes(18).toString('base64url');
  const args = [CREATE_ADMIN, '--email', email, '--name', 'The owner', '--password-stdin'];
  // Not in the working directory, whose `.env` is another hub's.
  const running = promisify(execFile)(process.execPath, args, { cwd: tmpdir(), env, signal });
  running.child.stdin?.end(password);
  await running;

  const { token } = await hub.call<typeof Login>('POST', '/api/auth/login', { email, password });
  await hub.as(token).call<typeof AdminUpdateBusiness>('PATCH', `/api/admin/businesses/${businessId}`, {
    subscription: { plan: 'enterprise', emailsPerMonth },
  });
}
