/** The local SES as a process of its own; started by `ses.ts`. */
import { serveAsProgram } from './program.js';
import { createSesServer } from './ses/server.js';
import { ProgramSettings } from './ses.js';

await serveAsProgram(async (settings) => {
  const { port, ...rest } = ProgramSettings.parse(settings);
  const server = createSesServer(rest);
  return { url: await server.listen(port), close: server.close };
});
