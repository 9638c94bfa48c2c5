import { SESClient, type SESClientConfig, SendRawEmailCommand } from '@aws-sdk/client-ses';
import { onTestFinished } from 'vitest';
import { createSesControl, type SesControl } from '../../src/embedded/ses/control-client.js';
import { createSesServer, type SesServer } from '../../src/embedded/ses/server.js';
import type { SesSettings } from '../../src/embedded/ses/state.js';

/** A local SES within the test, which ends with it. */
export async function useSes(
  settings: SesSettings = {},
): Promise<{ endpoint: string; control: SesControl; server: SesServer }> {
  const server = createSesServer(settings);
  const endpoint = await server.listen();
  onTestFinished(() => server.close());
  return { endpoint, control: createSesControl(endpoint), server };
}

/** For calls whose answer may take its time. */
export const PATIENT: SESClientConfig = { requestHandler: { requestTimeout: 30_000, throwOnRequestTimeout: true } };

/** The real SDK, as the hub uses it: one attempt, and a time limit that counts. */
export function sdk(endpoint: string, accessKeyId = 'AKIATEST', config: SESClientConfig = {}): SESClient {
  const client = new SESClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey: 'any secret' },
    maxAttempts: 1,
    requestHandler: { requestTimeout: 300, throwOnRequestTimeout: true },
    ...config,
  });
  onTestFinished(() => client.destroy());
  return client;
}

/** A message to one address. */
export function mail(to: string, tags: Record<string, string> = {}): SendRawEmailCommand {
  return new SendRawEmailCommand({
    Source: 'sender@example.com',
    Destinations: [to],
    Tags: Object.entries(tags).map(([Name, Value]) => ({ Name, Value })),
    RawMessage: { Data: Buffer.from(`From: sender@example.com\r\nTo: ${to}\r\nSubject: Hello\r\n\r\nHello ${to}\r\n`) },
  });
}

/** The name and message of the error that a call ends with. */
export async function failureOf(call: Promise<unknown>): Promise<{ name: string; message: string }> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error) return { name: error.name, message: error.message };
  }
  throw new Error('The call did not fail');
}
