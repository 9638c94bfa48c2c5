import { getSendQuota } from './account.js';
import { newSesClient } from './clients.js';
import { accountOf, type SesCredentials } from './credentials.js';
import { type Gateway, sendRaw } from './gateway.js';
import { prove } from './prove.js';

/** The hub's own way to SES. */
export type MasterGateway = Gateway & { close(): void };

/**
 * Opens it under the account that its rate belongs to: businesses with keys of the same AWS account share it.
 * @throws the SDK's error when SES refuses the credentials or does not answer.
 */
export async function openMaster(credentials: SesCredentials): Promise<MasterGateway> {
  const { accountId } = await prove(credentials);
  const { accessKeyId, region } = credentials;
  const client = newSesClient(credentials);
  return {
    account: accountOf({ sesConfiguration: { accessKeyId, region, ...(accountId ? { accountId } : {}) } }),
    accessKeyId,
    send: (message) => sendRaw(client, undefined, message),
    quota: () => getSendQuota(client),
    close: () => client.destroy(),
  };
}
