import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const matches = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name = '']) => name);

describe('.env.example', () => {
  const example = read('.env.example');

  it('explains every variable that config.ts reads, and no other', () => {
    const known = new Set(matches(read('src/config.ts'), /^ {2}([A-Z][A-Z0-9_]+):/gm));
    expect(new Set(matches(example, /^(?:# )?([A-Z][A-Z0-9_]+)=/gm))).toEqual(known);
  });

  it('makes a configuration of production once the three secrets and PUBLIC_URL are filled in', () => {
    const env = Object.fromEntries(matches(example, /^([A-Z][A-Z0-9_]+=.*)$/gm).map((line) => line.split('=', 2)));
    const empty = Object.keys(env).filter((name) => env[name] === '');
    expect(empty).toEqual(['ENCRYPTION_KEY', 'JWT_SECRET', 'LINK_SECRET']);
    const mine = {
      PUBLIC_URL: 'https://hub.example.com',
      ENCRYPTION_KEY: 'ab'.repeat(32),
      JWT_SECRET: 'j'.repeat(40),
      LINK_SECRET: 'l'.repeat(40),
    };
    expect(parseConfig({ ...env, ...mine }).isProduction).toBe(true);
  });

  it('becomes a configuration of development by that one word, with links to this machine', () => {
    const env = Object.fromEntries(matches(example, /^([A-Z][A-Z0-9_]+=.*)$/gm).map((line) => line.split('=', 2)));
    expect(parseConfig({ ...env, NODE_ENV: 'development' }).publicUrl).toBe('http://localhost:5002');
  });
});

it('docs/dependencies.md names every direct dependency, and no other', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json'));
  const rows = matches(read('docs/dependencies.md'), /^\| (`.*?) \|/gm).join();
  const named = matches(rows, /`([^`]+)`/g);
  expect(named.sort()).toEqual(Object.keys({ ...dependencies, ...devDependencies }).sort());
});
