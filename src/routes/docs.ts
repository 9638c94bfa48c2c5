import { Router } from 'express';
import { docsPage } from '../docs/page.js';
import { describe } from '../middleware/validate.js';
import { type ApiDocument, document } from '../openapi.js';
import { sendPage } from '../public-page.js';
import { GetDocs, GetOpenApi } from '../schemas/docs.js';
import type { Mount } from './index.js';

/** The documentation of a table of routers, which may hold this one: it is read when somebody first asks. */
export function docsRoutes(mounts: () => readonly Mount[]): Router {
  const router = Router();
  let made: ApiDocument | undefined;
  const current = () => {
    made ??= document(mounts());
    return made;
  };

  router.get('/openapi.json', describe(GetOpenApi), (_req, res) => {
    res.json(current());
  });

  router.get('/docs', describe(GetDocs), (_req, res) => {
    sendPage(res, 200, docsPage(current()));
  });

  return router;
}
