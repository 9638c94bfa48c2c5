import express, { type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import { config } from './config.js';
import { endpointsOf } from './docs/endpoints.js';
import { authenticate } from './middleware/authenticate.js';
import { crossOrigin } from './middleware/cross-origin.js';
import { errorHandler, noRoute } from './middleware/error-handler.js';
import { authAttempts, docsViews } from './middleware/rate-limit.js';
import { requestLog } from './middleware/request-log.js';
import { mounts } from './routes/index.js';

const AUTH = /^\/api\/auth\//;

/** The whole middleware order on one page. It opens nothing and listens nowhere. */
export function createApp(): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', config().trustProxy);
  app.set('query parser', 'simple');
  app.set('etag', false);

  app.use(requestLog);
  app.use(
    helmet({
      contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    }),
  );
  app.use('/api', crossOrigin());

  // A path that cannot be decoded is a 400 wherever it would lead, not only where a route has a parameter there.
  app.use((req, _res, next) => {
    decodeURIComponent(req.path);
    next();
  });

  // Answers hold tokens, keys and people's addresses: no cache on the way keeps them.
  app.use('/api', (_req, res, next) => {
    res.setHeader('Cache-Control', 'no-store');
    next();
  });

  // By IP, whoever is not signed in; the siblings of one machine share theirs, so nobody who is.
  const signingIn = endpointsOf(mounts).filter(
    ({ method, path, access }) => method === 'post' && !access && AUTH.test(path),
  );
  app.post(
    signingIn.map(({ path }) => path),
    authAttempts(),
  );
  app.get(['/api/docs', '/api/openapi.json'], docsViews());
  // Links in messages first: they are asked for most, and each mount before them would be tried in vain.
  const [links, rest] = [
    mounts.filter(({ path }) => !path.startsWith('/api')),
    mounts.filter(({ path }) => path.startsWith('/api')),
  ];
  for (const { path, router, isPublic } of [...links, ...rest]) {
    const note: RequestHandler = (req, res, next) => {
      res.locals.mount = path;
      // The route that limits attempts is not this mount's.
      req.route = undefined;
      next();
    };
    app.use(path, note, ...(isPublic ? [] : [authenticate]), router);
  }
  app.use(noRoute);
  app.use(errorHandler);
  return app;
}
