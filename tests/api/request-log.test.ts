import { afterEach, describe, expect, it, vi } from 'vitest';
import { logger } from '../../src/logger.js';
import { register } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { until } from '../support/until.js';

useHub();

afterEach(() => vi.restoreAllMocks());

describe('the line a request leaves in the log', () => {
  it.each([
    ['get', '/api/campaigns/665f1c2ab7d04e0012a4c9d1', 401, '/api/campaigns/*'],
    ['get', '/api/campaigns/665f1c2ab7d04e0012a4c9d1/recipients', 401, '/api/campaigns/:id/recipients/*'],
    ['get', '/api/auth/me', 401, '/api/auth/me'],
    ['post', '/api/auth/nothing', 404, '/api/*'],
    ['get', '/u/secret', 404, '/u/:token'],
    ['get', '/elsewhere', 404, 'unmatched'],
  ] as const)('names for %s %s, a %d, the pattern %s', async (method, path, status, route) => {
    const info = vi.spyOn(logger(), 'info');
    await api()[method](path).expect(status);
    const [line] = await until(() => info.mock.calls.find(([, message]) => message === 'request'));
    expect(line).toMatchObject({ status, route });
  });

  it('names the route that answered a caller', async () => {
    const { token } = await register();
    const info = vi.spyOn(logger(), 'info');
    await api().get('/api/business').auth(token, { type: 'bearer' }).expect(200);
    const [line] = await until(() => info.mock.calls.find(([, message]) => message === 'request'));
    expect(line).toMatchObject({ status: 200, route: '/api/business/' });
  });
});
