/**
 * Runs the install scripts of the packages that `allowScripts` in package.json sets to true, once after each installation.
 * npm itself runs none (.npmrc), so that `npm ci` needs no compiler.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** npm deletes this file with everything else in node_modules. */
const STAMP = 'node_modules/.install-scripts';

/** Returns undefined, or why a script failed. */
export function runInstallScripts(root: string): string | undefined {
  const { allowScripts = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    allowScripts?: Record<string, boolean>;
  };
  const names = Object.keys(allowScripts).filter(name => allowScripts[name]);
  const stamp = join(root, STAMP);
  const wanted = names.sort().join('\n');
  const done = existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';
  if (wanted === done) return undefined;
  const list = names.join(', ');
  process.stderr.write(`Running the install scripts of ${list} (allowScripts in package.json).\n`);
  const { status, error } = spawnSync('npm', ['rebuild', '--ignore-scripts=false', ...names], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (status !== 0)
    return `The install scripts of ${list} failed${error ? `: ${error.message}` : ''}. The reason is above; allowScripts in package.json lists them.`;
  writeFileSync(stamp, wanted);
  return undefined;
}
