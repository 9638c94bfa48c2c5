import { Router } from 'express';
import { AppError } from '../errors.js';
import { describe, handle } from '../middleware/validate.js';
import { GetHealth, GetReadiness } from '../schemas/health.js';
import * as readiness from '../services/readiness.js';

export const health = Router();

health.get('/', describe(GetHealth), (_req, res) => {
  res.json({ status: 'ok', service: 'Power MTA Hub', timestamp: new Date().toISOString() });
});

health.get(
  '/ready',
  handle(GetReadiness, async () => {
    const checks = await readiness.check();
    if (Object.values(checks).includes('down')) {
      throw new AppError('unavailable', 503, 'A part of the hub is down', { extra: { checks } });
    }
    return { checks };
  }),
);
