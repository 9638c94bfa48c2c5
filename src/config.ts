import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import { z } from 'zod';
import { parseAddress } from './addresses.js';
import { PLANS, type Plan } from './plans.js';

const DEV_SECRET = 'development-only-secret-change-me-in-production';
const DEV_ENCRYPTION_KEY = 'ZGV2ZWxvcG1lbnQtb25seS1rZXktMzItYnl0ZXMhISE=';

const number = (min: number, max: number) =>
  z.coerce.number(`must be a number from ${min} to ${max}`).int().min(min).max(max);
const httpUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http(s) URL' })
  .transform((url) => url.replace(/\/+$/, ''));
const commaList = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean),
);

/** 32 random bytes in base64 or hex: `openssl rand -base64 32`. */
const encryptionKey = z.string().transform((text, ctx) => {
  const key = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64');
  if (key.length === 32) return key;
  ctx.addIssue({ code: 'custom', message: 'must be 32 bytes in base64 or hex (openssl rand -base64 32)' });
  return z.NEVER;
});

/** `7d`, `12h`, `30m`, `45s` → seconds. */
const duration = z
  .string()
  .regex(/^[1-9]\d{0,5}[smhd]$/, 'must be a number and a unit: 45s, 30m, 12h or 7d')
  .transform(
    (text) => Number(text.slice(0, -1)) * { s: 1, m: 60, h: 3_600, d: 86_400 }[text.at(-1) as 's' | 'm' | 'h' | 'd'],
  );

const PROXY_NAMES = ['loopback', 'linklocal', 'uniquelocal'];

/** One of Express's names, an address, or a range in CIDR notation; not /0, which is everybody. */
function isProxy(text: string): boolean {
  if (PROXY_NAMES.includes(text)) return true;
  const [, address = '', prefix] = /^([\da-f.:]+)(?:\/([1-9]\d{0,2}))?$/i.exec(text) ?? [];
  const version = isIP(address);
  return version !== 0 && Number(prefix ?? 1) <= (version === 4 ? 32 : 128);
}

/** `trust proxy` of Express: a number of hops or a list of proxies, never `true`: that lets anybody choose his IP. */
const trustProxy = z.string().transform((text, ctx) => {
  if (/^\d{1,2}$/.test(text)) return Number(text);
  const proxies = commaList.parse(text);
  if (proxies.length > 0 && proxies.every(isProxy)) return proxies;
  const message = `must be a number of hops, or addresses, CIDR ranges and ${PROXY_NAMES.join(', ')} separated by commas`;
  ctx.addIssue({ code: 'custom', message });
  return z.NEVER;
});

/** `1.2.3.4`, `1.2.3.4:53`, `2001:db8::1` or `[2001:db8::1]:53`, as `dns.setServers` takes them. */
function isDnsServer(text: string): boolean {
  const [, v6, v4, port = '53'] = /^(?:\[([^\]]+)\]|([\d.]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  return isIP(text) !== 0 || (isIP(v6 ?? v4 ?? '') === (v6 ? 6 : 4) && Number(port) > 0 && Number(port) < 65_536);
}

/** `127.0.0.1:5001`, `[::1]:5001` or `whisky:5001` as a URL spells it: lower case, the port always. */
const hostAndPort = z.string().transform((text, ctx) => {
  const [, host, port] = /^(\[[\da-fA-F:.]+\]|[\w.-]+):(\d{1,5})$/.exec(text) ?? [];
  const url = host && URL.canParse(`http://${host}:${port}`) ? new URL(`http://${host}:${port}`) : undefined;
  if (url && Number(port) > 0) return `${url.hostname}:${Number(port)}`;
  ctx.addIssue({ code: 'custom', message: 'must be hosts, each with its port: 127.0.0.1:5001' });
  return z.NEVER;
});

/** `a@b.c` or `Name <a@b.c>`, as it is given. */
const sender = z.string().transform((text, ctx) => {
  const address = parseAddress(text);
  if (!('reason' in address)) return text.trim();
  ctx.addIssue({ code: 'custom', message: `must be an address, or Name <address>: ${address.reason}` });
  return z.NEVER;
});

/** Requests a minute. */
const RATE_LIMITS: Readonly<Record<Plan, number>> = { free: 600, basic: 3_000, pro: 12_000, enterprise: 60_000 };

/** `free=600,pro=12000`: a plan that is not named keeps its own. `off`: no limits at all. */
const rateLimits = z.string().transform((text, ctx) => {
  if (text.trim() === 'off') return 'off' as const;
  const limits = { ...RATE_LIMITS };
  for (const part of commaList.parse(text)) {
    const [, name, limit] = /^(\w+) *= *([1-9]\d{0,6})$/.exec(part) ?? [];
    const plan = PLANS.find((one) => one === name);
    if (plan) limits[plan] = Number(limit);
    else
      ctx.addIssue({ code: 'custom', message: `must be off, or ${PLANS.join(', ')} with requests a minute: free=600` });
  }
  return limits;
});

/** Credentials, if any, then a host: the driver would complain only when it connects. */
const MONGODB_URI = /^mongodb(\+srv)?:\/\/([^/?#@]*@)?[^/?#@:,][^/?#@]*([/?]|$)/;

const Environment = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  PORT: number(0, 65_535).default(5002),
  HOST: z.string().min(1).default('0.0.0.0'),
  MONGODB_URI: z
    .string()
    .regex(MONGODB_URI, 'must be mongodb:// or mongodb+srv:// and a host')
    .default('mongodb://localhost:27017/power-mta-hub'),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'must begin with redis:// or rediss://')
    .default('redis://localhost:6379'),
  JWT_SECRET: z.string().default(DEV_SECRET),
  JWT_EXPIRES_IN: duration.default(7 * 86_400),
  ENCRYPTION_KEY: encryptionKey.default(Buffer.from(DEV_ENCRYPTION_KEY, 'base64')),
  ENCRYPTION_KEY_PREVIOUS: commaList.pipe(z.array(encryptionKey)).default([]),
  LINK_SECRET: z.string().default(DEV_SECRET),
  LINK_SECRET_PREVIOUS: commaList.default([]),
  MASTER_SES_ACCESS_KEY: z.string().min(1).optional(),
  MASTER_SES_SECRET_KEY: z.string().min(1).optional(),
  MASTER_SES_REGION: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be an AWS region such as eu-west-1')
    .default('us-east-1'),
  SYSTEM_FROM_EMAIL: sender.optional(),
  FRONTEND_URL: commaList.pipe(z.array(httpUrl)).default([]),
  PUBLIC_URL: httpUrl.optional(),
  REGISTRATION: z.enum(['open', 'invite', 'closed']).optional(),
  SES_ENDPOINT: httpUrl.optional(),
  DNS_SERVERS: commaList
    .pipe(z.array(z.string().refine(isDnsServer, 'must be IP addresses, each with a port where it is not 53')))
    .default([]),
  SNS_CERT_URL_PREFIX: httpUrl.transform((url) => `${url}/`).optional(),
  WEBHOOK_ALLOWED_TARGETS: commaList.pipe(z.array(hostAndPort)).default([]),
  WEBHOOK_RETRY_SCALE: z.coerce.number('must be a number above 0, up to 1').gt(0).max(1).default(1),
  EVENT_RETENTION_DAYS: number(30, 3_650).default(90),
  DOMAIN_PROOF: z.enum(['dns', 'off']).default('dns'),
  TRUST_PROXY: trustProxy.default(0),
  AUTH_ATTEMPTS_PER_MINUTE: number(1, 1_000_000).default(20),
  RATE_LIMITS: rateLimits.default(RATE_LIMITS),
  WORKER_CONCURRENCY: number(1, 64).default(16),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
});

type Environment = z.output<typeof Environment>;

/** What no variable can tell by itself. A variable that is wrong already is undefined here. */
function crossCheck(env: Partial<Environment>, problem: (variable: keyof Environment, message: string) => void): void {
  if (Boolean(env.MASTER_SES_ACCESS_KEY) !== Boolean(env.MASTER_SES_SECRET_KEY)) {
    problem('MASTER_SES_SECRET_KEY', 'MASTER_SES_ACCESS_KEY and MASTER_SES_SECRET_KEY go together');
  }
  if (env.MASTER_SES_ACCESS_KEY && !env.SYSTEM_FROM_EMAIL) {
    problem('SYSTEM_FROM_EMAIL', 'is needed with MASTER_SES_ACCESS_KEY: the address the system’s own mail comes from');
  }
  if (env.NODE_ENV !== 'production') return;
  for (const name of ['JWT_SECRET', 'LINK_SECRET'] as const) {
    const secret = env[name];
    if (secret === DEV_SECRET) problem(name, 'must be set in production (openssl rand -base64 48)');
    else if (secret && secret.length < 32) problem(name, 'must have at least 32 characters in production');
  }
  if (env.JWT_SECRET === env.LINK_SECRET && env.JWT_SECRET !== DEV_SECRET) {
    problem('LINK_SECRET', 'must differ from JWT_SECRET');
  }
  if (env.ENCRYPTION_KEY?.toString('base64') === DEV_ENCRYPTION_KEY) {
    problem('ENCRYPTION_KEY', 'must be set in production (openssl rand -base64 32)');
  }
  if (env.SES_ENDPOINT !== undefined) {
    problem('SES_ENDPOINT', 'must not be set in production: mail would go there and not to AWS');
  }
  if (env.SNS_CERT_URL_PREFIX !== undefined) {
    problem('SNS_CERT_URL_PREFIX', 'must not be set in production: whoever has that address could forge events');
  }
  if (env.DOMAIN_PROOF === 'off') {
    problem('DOMAIN_PROOF', 'must not be off in production: any business could send from another one’s domain');
  }
  if (env.WEBHOOK_RETRY_SCALE !== undefined && env.WEBHOOK_RETRY_SCALE !== 1) {
    problem(
      'WEBHOOK_RETRY_SCALE',
      'must not be set in production: receivers that are away would be asked without a pause',
    );
  }
  if (env.RATE_LIMITS === 'off') {
    problem('RATE_LIMITS', 'must not be off in production: one business could take the hub from all others');
  }
  if (env.FRONTEND_URL?.some((url) => !url.startsWith('https://'))) {
    problem('FRONTEND_URL', 'must begin with https:// in production: people sign in there');
  }
  if (env.PUBLIC_URL === undefined) problem('PUBLIC_URL', 'must be set in production: the base of unsubscribe links');
  else if (!env.PUBLIC_URL.startsWith('https://')) problem('PUBLIC_URL', 'must begin with https:// in production');
}

export type Config = Readonly<ReturnType<typeof parseConfig>>;

/**
 * Reads the environment into a frozen configuration.
 * @throws Error whose message lists every problem, one a line, by the name of the variable.
 */
export function parseConfig(env: Record<string, string | undefined>) {
  const lines: string[] = [];
  const problem = (variable: string, message: string) => lines.push(`  ${variable}: ${message}`);
  // Variable by variable: zod would leave out the cross-checks as soon as one of them is wrong.
  const entries = Object.entries(Environment.shape).map(([name, schema]) => {
    // An empty value in a .env file means "not set", as everywhere else; so does a blank one, which Number() takes for 0.
    const parsed = schema.safeParse(env[name]?.trim() ? env[name] : undefined);
    for (const issue of parsed.error?.issues ?? []) problem(name, issue.message);
    return [name, parsed.data];
  });
  const value: Environment = Object.fromEntries(entries);
  crossCheck(value, problem);
  if (lines.length > 0) {
    throw new Error(`The environment is not right:\n${lines.join('\n')}\nSee .env.example for every variable.`);
  }
  return Object.freeze({
    nodeEnv: value.NODE_ENV,
    isProduction: value.NODE_ENV === 'production',
    host: value.HOST,
    port: value.PORT,
    mongodbUri: value.MONGODB_URI,
    redisUrl: value.REDIS_URL,
    jwtSecret: value.JWT_SECRET,
    jwtLifetimeSeconds: value.JWT_EXPIRES_IN,
    encryptionKeys: [value.ENCRYPTION_KEY, ...value.ENCRYPTION_KEY_PREVIOUS] as const,
    linkSecrets: [value.LINK_SECRET, ...value.LINK_SECRET_PREVIOUS],
    masterSes: value.MASTER_SES_ACCESS_KEY
      ? {
          accessKeyId: value.MASTER_SES_ACCESS_KEY,
          secretAccessKey: value.MASTER_SES_SECRET_KEY ?? '',
          region: value.MASTER_SES_REGION,
          from: value.SYSTEM_FROM_EMAIL ?? '',
        }
      : undefined,
    frontendUrls: value.FRONTEND_URL,
    publicUrl: value.PUBLIC_URL ?? `http://localhost:${value.PORT}`,
    registration: value.REGISTRATION ?? (value.NODE_ENV === 'production' ? 'closed' : 'open'),
    sesEndpoint: value.SES_ENDPOINT,
    dnsServers: value.DNS_SERVERS,
    snsCertUrlPrefix: value.SNS_CERT_URL_PREFIX,
    webhookAllowedTargets: value.WEBHOOK_ALLOWED_TARGETS,
    webhookRetryScale: value.WEBHOOK_RETRY_SCALE,
    eventRetentionMs: value.EVENT_RETENTION_DAYS * 86_400_000,
    isDomainProofOff: value.DOMAIN_PROOF === 'off',
    trustProxy: value.TRUST_PROXY,
    authAttemptsPerMinute: value.AUTH_ATTEMPTS_PER_MINUTE,
    rateLimits: value.RATE_LIMITS === 'off' ? undefined : value.RATE_LIMITS,
    workerConcurrency: value.WORKER_CONCURRENCY,
    logLevel: value.LOG_LEVEL,
  });
}

let current: Config | undefined;

/**
 * The process's configuration, read once from `.env` (if there is one) and the environment, which wins.
 * @throws Error as `parseConfig`.
 */
export function config(): Config {
  if (!current) {
    if (process.env.NODE_ENV !== 'test' && existsSync('.env')) process.loadEnvFile('.env');
    current = parseConfig(process.env);
  }
  return current;
}
