import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = fileURLToPath(import.meta.url);

/**
 * The arguments that make `node` run a program of this folder, given by its path without extension. From source it runs
 * through tsx, which is looked up from here and not from the working directory; built, it is plain JavaScript.
 */
export function nodeArguments(program: string): string[] {
  const extension = extname(here);
  const file = join(dirname(here), `${program}${extension}`);
  if (extension === '.js') return [file];
  const tsx = createRequire(here).resolve('tsx');
  return ['--import', pathToFileURL(tsx).href, file];
}
