/**
 * Provides the Node of scripts/node for machines whose own Node is too old. Its lock file contains the packages of each platform with
 * their digests. Plain JavaScript: scripts/run.mjs imports it.
 *
 * Node 26 for Linux needs libatomic.so.1, which a minimal Debian lacks: there, Node 24 is used (scripts/node/24).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL(hasLibatomic() ? 'node' : 'node/24', import.meta.url));
const modules = join(folder, 'node_modules');
const { optionalDependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

export const PACKAGED_VERSION = Object.values(optionalDependencies)[0];

/** Returns the packaged Node. Installs it after printing `why`, if it is missing or has another version than in package.json. */
export function packagedNode(why) {
  const installed = find();
  if (installed) return installed;
  process.stderr.write(`${why}: installing Node ${PACKAGED_VERSION} in scripts/node (about 210 MB).\n`);
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = spawnSync('npm', args, {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  const found = npm.status === 0 ? find() : undefined;
  if (found && spawnSync(found, ['--version']).status === 0) return found;
  throw new Error(
    `Node ${PACKAGED_VERSION} ${found ? 'does not start' : 'cannot be installed'} on this machine (${process.platform} ${process.arch}): install Node 24 or newer, https://nodejs.org.`,
  );
}

function find() {
  const names = existsSync(modules) ? readdirSync(modules) : [];
  for (const name of names.filter(name => name in optionalDependencies)) {
    const { version, bin } = JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8'));
    const file = join(modules, name, bin.node);
    if (version === PACKAGED_VERSION && existsSync(file)) return file;
  }
  return undefined;
}

function hasLibatomic() {
  if (process.platform !== 'linux') return true;
  const folders = ['/lib', '/lib64', '/usr/lib', '/usr/lib64'];
  const triplet = `${{ x64: 'x86_64', arm64: 'aarch64' }[process.arch]}-linux-gnu`;
  return folders.some(
    folder => existsSync(`${folder}/libatomic.so.1`) || existsSync(`${folder}/${triplet}/libatomic.so.1`),
  );
}
