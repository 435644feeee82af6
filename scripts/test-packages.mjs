/**
 * Installs the packages that only tests and the linter need (test/packages), so that `npm ci` in the root stays small. Files
 * below test/ find them by links in test/node_modules; the dependencies of those packages have no
 * link. Plain JavaScript: scripts/run.mjs imports it.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const test = fileURLToPath(new URL('../test', import.meta.url));
const folder = join(test, 'packages');
const modules = join(folder, 'node_modules');
const links = join(test, 'node_modules');
/** Holds the digest of the lock file that was installed; npm deletes it with everything else. */
const stamp = join(modules, '.lock-digest');

/** Installs the packages of test/packages/package-lock.json unless they are installed. Throws if npm fails. */
export function installTestPackages() {
  const lock = readFileSync(join(folder, 'package-lock.json'));
  const digest = createHash('sha256').update(lock).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) {
    if (!existsSync(links)) linkPackages();
    return;
  }
  const count = Object.keys(JSON.parse(lock.toString()).packages).length - 1;
  process.stderr.write(`Installing the packages of the tests in test/packages (up to ${count}).\n`);
  install();
  linkPackages();
  writeFileSync(stamp, digest);
}

/** Links the packages that package.json names, and no others. */
function linkPackages() {
  rmSync(links, { recursive: true, force: true });
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  for (const name of Object.keys(dependencies)) {
    mkdirSync(dirname(join(links, name)), { recursive: true });
    symlinkSync(join(modules, name), join(links, name), 'junction');
  }
}

function install() {
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status, error } = spawnSync('npm', args, {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (status !== 0)
    throw new Error(
      `npm cannot install test/packages${error ? `: ${error.message}` : ''}. Its reason is above.`,
    );
}
