import jwt from 'jsonwebtoken';
import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { config } from '../../src/config.js';
import * as tokens from '../../src/services/tokens.js';

const user = { _id: new Types.ObjectId(), tokenVersion: 3 };

/** A token as the hub signs it, but for what a forger changes. */
function forge(payload: object, options: jwt.SignOptions = {}, secret = config().jwtSecret): string {
  const honest: jwt.SignOptions = {
    algorithm: 'HS256',
    issuer: 'power-mta-hub',
    audience: 'power-mta-hub-api',
    subject: String(user._id),
    expiresIn: 60,
  };
  return jwt.sign(payload, secret, { ...honest, ...options });
}

describe('a session token', () => {
  it('names its user and the version it was signed at', () => {
    const { authTime, ...claims } = tokens.read(tokens.sign(user)) ?? {};
    expect(claims).toEqual({ userId: String(user._id), version: 3 });
    expect(Math.abs(Number(authTime) - Date.now() / 1_000)).toBeLessThan(2);
  });

  it('says nothing of role, permissions or business', () => {
    expect(Object.keys(jwt.decode(tokens.sign(user)) as object).sort()).toEqual([
      'aud',
      'auth_time',
      'exp',
      'iat',
      'iss',
      'sub',
      'ver',
    ]);
  });

  it('lives for JWT_EXPIRES_IN', () => {
    const { iat = 0, exp = 0 } = jwt.decode(tokens.sign(user)) as jwt.JwtPayload;
    expect(exp - iat).toBe(config().jwtLifetimeSeconds);
  });

  it('is renewed for as long, but never beyond 30 days after the login', () => {
    const day = 86_400;
    const loggedIn = (daysAgo: number) => ({
      userId: String(user._id),
      version: 3,
      authTime: Math.floor(Date.now() / 1_000) - daysAgo * day,
    });
    const lifetimeOf = (token: string) => {
      const { iat = 0, exp = 0 } = jwt.decode(token) as jwt.JwtPayload;
      return exp - iat;
    };
    expect(lifetimeOf(tokens.renew(loggedIn(1)))).toBe(config().jwtLifetimeSeconds);
    expect(Math.abs(lifetimeOf(tokens.renew(loggedIn(29))) - day)).toBeLessThan(3);
    expect(tokens.read(tokens.renew(loggedIn(29)))).toEqual(loggedIn(29));
    expect(tokens.read(tokens.renew(loggedIn(31)))).toBeUndefined();
  });

  it('is read where all of it is right', () => {
    expect(tokens.read(forge({ ver: 3, auth_time: 1_700_000_000 }))).toMatchObject({ version: 3 });
  });

  it('is refused without a signature', () => {
    expect(tokens.read(forge({ ver: 3, auth_time: 1_700_000_000 }, { algorithm: 'none' }, ''))).toBeUndefined();
  });

  it.each([
    ['signed with another algorithm', forge({ ver: 3, auth_time: 1_700_000_000 }, { algorithm: 'HS512' })],
    ['signed with another secret', forge({ ver: 3, auth_time: 1_700_000_000 }, {}, 'another secret')],
    ['of another issuer', forge({ ver: 3, auth_time: 1_700_000_000 }, { issuer: 'whisky' })],
    ['for another audience', forge({ ver: 3, auth_time: 1_700_000_000 }, { audience: 'whisky' })],
    ['expired', forge({ ver: 3, auth_time: 1_700_000_000 }, { expiresIn: -1 })],
    ['without a version', forge({ auth_time: 1_700_000_000 })],
    ['without the time of the login', forge({ ver: 3 })],
    ['of something that is no user', forge({ ver: 3, auth_time: 1_700_000_000 }, { subject: 'admin' })],
    ['cut off', tokens.sign(user).slice(0, -2)],
    ['no token at all', 'abc'],
  ])('is refused when %s', (_case, token) => {
    expect(tokens.read(token)).toBeUndefined();
  });
});
