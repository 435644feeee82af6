/** Reads the file .env: environment variables of the function on this machine, such as secrets of tools. Git ignores it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

/** Returns the variables in .env, if there is one, and those of `env`, which override them. */
export function withEnvFile(root: string, env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  try {
    return { ...parseEnv(readFileSync(join(root, '.env'), 'utf8')), ...env };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return env;
  }
}
