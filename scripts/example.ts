/** `npm run example`: a hub from nothing, a business on it, and examples/whisky.ts, which sends by it and ends. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { PowerMtaHub } from '@power-mta-hub/sdk';
import { findFreePort } from '../src/embedded/free-port.js';
import { wireEvents } from './quickstart/circle.js';
import { startHub } from './quickstart/hub.js';
import { moveInWhisky } from './quickstart/sibling.js';
import { startSurroundings } from './quickstart/surroundings.js';
import { SENDER } from './support/campaign.js';
import { createClient } from './support/client.js';
import { runScript } from './support/script.js';

const WHISKY = fileURLToPath(new URL('../examples/whisky.ts', import.meta.url));
const say = (line: string) => process.stdout.write(`${line}\n`);
const tell = (what: string) => say(`  ✓ ${what}`);

await runScript(async (signal) => {
  const stopping = new AbortController();
  const either = AbortSignal.any([signal, stopping.signal]);
  say('Starting MongoDB, Redis, a local SES, the API and a worker ...');
  const services = await startSurroundings(0, { say, signal: either });
  try {
    const port = String(await findFreePort());
    // The shop is on this very machine, without https: the hub posts there because it is named here.
    const env = { WEBHOOK_ALLOWED_TARGETS: `127.0.0.1:${port}` };
    const hub = await startHub({ services, signal: either, say, env, onDeath: (error) => stopping.abort(error) });
    try {
      say('\nWhat a person does once:');
      const anybody = createClient(hub.url, either);
      const { key, token } = await moveInWhisky(anybody, tell);
      await wireEvents(anybody.as(token), { signal: either }, tell);
      const person = new PowerMtaHub({ apiKey: token, baseUrl: hub.url });
      const { secret } = await person.webhooks.create({ name: 'shop', url: `http://127.0.0.1:${port}/hub` });
      tell('named the URL for webhooks\n');
      return await runWhisky({ HUB_URL: hub.url, HUB_API_KEY: key, HUB_WEBHOOK_SECRET: secret, PORT: port }, either);
    } finally {
      await hub.close();
    }
  } finally {
    await services.close();
  }
});

/** @returns whether it ended well. */
async function runWhisky(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<boolean> {
  const child = spawn(process.execPath, ['--import', 'tsx', WHISKY], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { PATH: process.env.PATH, FROM: SENDER.email, ...env },
    stdio: 'inherit',
    signal,
  });
  const [code] = await once(child, 'exit');
  return code === 0;
}
