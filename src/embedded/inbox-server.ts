/** The web inbox of `aws-ses-v2-local` as a process of its own; started by `inbox.ts`. */
import inbox from 'aws-ses-v2-local';
import { serveAsProgram } from './program.js';

await serveAsProgram(async () => {
  const server = await inbox.default({ host: '127.0.0.1', port: 0 });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The inbox listens on no port');
  return { url: `http://127.0.0.1:${address.port}`, close: () => server.closeAllConnections() };
});
