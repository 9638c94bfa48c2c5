import { startProgram } from './program.js';

/** A running web inbox of this process. */
export interface InboxService {
  /** The page to look at; `GET <url>/store` answers everything as JSON. */
  readonly url: string;
  readonly pid: number | undefined;
  /** Ends it, with all its mail. Idempotent. */
  close(): Promise<void>;
}

/** Starts the web inbox on a free port of 127.0.0.1. It ends with this process, however this process ends. */
export function startInbox(signal?: AbortSignal): Promise<InboxService> {
  return startProgram('inbox-server', {}, signal);
}
