import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type ClientOptions, PowerMtaHub } from '@power-mta-hub/sdk';
import { afterAll, beforeAll } from 'vitest';
import { createApp } from '../../src/app.js';
import { createHubServer } from '../../src/http-server.js';

/** Serves the whole app for the length of the file. @returns what makes a client of it. */
export function useSdk(): (apiKey: string, options?: Partial<ClientOptions>) => PowerMtaHub {
  let baseUrl = '';
  let close: () => Promise<unknown>;
  beforeAll(async () => {
    const server = createHubServer(createApp()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    close = () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    };
  });
  afterAll(() => close());
  return (apiKey, options) => new PowerMtaHub({ apiKey, baseUrl, ...options });
}
