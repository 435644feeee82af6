/**
 * Installs the clients of this folder: mcp-remote with npm, and FastMCP's client with pip in `.venv` if Python 3.11 or newer is
 * available. Both are pinned with hashes. The tests of a client that cannot be installed are skipped with the reason.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const cwd = fileURLToPath(new URL('.', import.meta.url));
const run = (command, args) =>
  spawnSync(command, args, {
    cwd,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  }).status === 0;

if (!run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'])) process.exit(1);

const PYTHONS = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python'];
const NEW_ENOUGH = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))';
const python = PYTHONS.find(name => spawnSync(name, ['-c', NEW_ENOUGH], { stdio: 'ignore' }).status === 0);
const digest = createHash('sha256')
  .update(readFileSync(`${cwd}requirements.txt`))
  .digest('hex');
/** Holds the digest of the requirements that were installed. */
const stamp = `${cwd}.venv/requirements-digest`;
const bin = `${cwd}.venv/${process.platform === 'win32' ? 'Scripts' : 'bin'}`;
const installed = existsSync(stamp) && readFileSync(stamp, 'utf8') === digest;

if (!python) console.warn('There is no Python 3.11 or newer with venv: FastMCP is not installed.');
else if (!installed) {
  const options = ['--quiet', '--disable-pip-version-check', '--require-hashes', '--only-binary', ':all:'];
  const done =
    run(python, ['-m', 'venv', '--clear', '.venv']) &&
    run(`${bin}/python`, ['-m', 'pip', 'install', ...options, '-r', 'requirements.txt']);
  if (done) writeFileSync(stamp, digest);
  else console.warn('pip cannot install FastMCP; its reason is above.');
}
