import { z } from 'zod';
import { startProgram } from './program.js';
import { createSesControl, type SesControl } from './ses/control-client.js';
import { AccountSettings } from './ses/settings.js';

/** What the program of the local SES is started with. */
export const ProgramSettings = z.object({
  /** What accounts start with; AWS's usual first limits (14 a second, 50,000 a day) where it says nothing. */
  account: AccountSettings.partial().default({}),
  /** How many of the last messages are kept whole. */
  keepRaw: z.number().int().min(0).default(100),
  /** How many notifications may be on their way, about 4 kB each, and how many messages may have outcomes to come. */
  maxNotifications: z.number().int().min(0).default(20_000),
  /** The port of 127.0.0.1; a free one when 0. */
  port: z.number().int().min(0).default(0),
});

/** How to start the local SES. */
export type SesOptions = z.input<typeof ProgramSettings> & { signal?: AbortSignal | undefined };

/** A running local SES of this process, and its control API. */
export interface SesService extends SesControl {
  /** The `endpoint` for an SESClient, SESv2Client, SNSClient or STSClient, with any credentials. */
  readonly url: string;
  readonly pid: number | undefined;
  /** Ends it, with everything it knew. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts the local SES in a process of its own, on 127.0.0.1. It ends with this process, however this process ends.
 * Which credentials it refuses and how it is made to fail stands in README.md.
 */
export async function startSes({ signal, ...settings }: SesOptions = {}): Promise<SesService> {
  const program = await startProgram('ses-server', settings, signal);
  return { ...createSesControl(program.url), url: program.url, pid: program.pid, close: program.close };
}
