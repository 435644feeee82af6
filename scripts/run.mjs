/**
 * Runs a script of this project, or the command of a package, with a suitable Node: the one that runs npm if it is new enough,
 * otherwise the packaged one (scripts/node), which it installs first. Every npm script starts here. This file is plain
 * JavaScript because old versions of Node run it.
 *
 *   node scripts/run.mjs [--announce] [--test-packages] [NAME=value...] FILE|COMMAND [argument...]
 *
 * `--announce` prints which Node runs, `--test-packages` installs test/packages if necessary. NAME=value sets an environment variable, on Windows too.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { Module } from 'node:module';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PACKAGED_VERSION, packagedNode } from './packaged-node.mjs';
import { installTestPackages } from './test-packages.mjs';

/** The oldest Node that runs this project. */
const MINIMUM = 24;
/** With an older Node, npm does not install packages that this project needs, because their `engines` exclude it. */
const OLDEST_FOR_NPM = 20;
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const own = process.versions.node;

/** Command → its package, if the names differ. */
const PACKAGES = { biome: '@biomejs/biome', tsc: 'typescript' };

const { announce, testPackages, command, args } = parse(process.argv.slice(2));
const major = Number.parseInt(own, 10);
if (major < OLDEST_FOR_NPM)
  fail(`Node ${OLDEST_FOR_NPM} or newer is required to install and run this project; this is ${own}.`);
const isNewEnough = major >= MINIMUM;
const node = isNewEnough
  ? process.execPath
  : orFail(() => packagedNode(`Node ${MINIMUM} or newer is needed, this is ${own}`));
if (announce) process.stderr.write(`Node ${isNewEnough ? own : `${PACKAGED_VERSION} (packaged)`}.\n`);
if (testPackages) orFail(installTestPackages);
const file = resolveCommand(command);
if (isNewEnough) runHere();
else runThere();

/** Sets the environment variables of the command line and returns the rest of it. */
function parse(argv) {
  const rest = [...argv];
  const flag = name => rest[0] === name && Boolean(rest.shift());
  const announce = flag('--announce');
  const testPackages = flag('--test-packages');
  for (;;) {
    const [, name, value] = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(rest[0] ?? '') ?? [];
    if (name === undefined) break;
    process.env[name] = value;
    rest.shift();
  }
  const [command, ...args] = rest;
  if (command === undefined) fail('Usage: node scripts/run.mjs [NAME=value...] FILE|COMMAND [argument...]');
  return { announce, testPackages, command, args };
}

/** Returns the file of this project, or the file that the package of that command declares. */
function resolveCommand(command) {
  const file = join(root, command);
  if (existsSync(file)) return file;
  const name = PACKAGES[command] ?? command;
  const manifest = ['node_modules', 'test/packages/node_modules']
    .map(folder => join(root, folder, name, 'package.json'))
    .find(file => existsSync(file));
  if (!manifest) fail(`${command} is not installed. Run: npm ci`);
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8'));
  return join(dirname(manifest), typeof bin === 'string' ? bin : bin[command]);
}

/** Runs the file in this process: without a process between npm and the script, each signal arrives once. */
function runHere() {
  process.argv = [process.execPath, file, ...args];
  endWithParent(() => process.kill(process.pid, 'SIGTERM'));
  Module.runMain();
}

function runThere() {
  // Programs that start with `#!/usr/bin/env node` run with the same Node.
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
  const child = spawn(node, [file, ...args], { stdio: 'inherit', env });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', ...(process.platform === 'win32' ? [] : ['SIGQUIT'])];
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  endWithParent(() => child.kill('SIGTERM'));
  child.once('error', error => fail(`${node} cannot be run: ${error.message}`));
  child.once('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

/**
 * Calls `end` when npm or the shell that it started has ended, as if this process had received the signal: npm passes SIGTERM only to
 * its shell, which ends without ending this process; SIGHUP and SIGQUIT end npm without ending its shell.
 */
function endWithParent(end) {
  const parent = process.ppid;
  const npm = npmAbove(parent);
  const timer = setInterval(() => {
    if (process.ppid === parent && (npm === undefined || parentOf(parent) === npm)) return;
    clearInterval(timer);
    end();
  }, 200);
  timer.unref();
}

/** Returns the process ID of npm if `shell` is the shell that npm started. Undefined on systems without /proc. */
function npmAbove(shell) {
  const file = `/proc/${shell}/cmdline`;
  const isShell = process.env.npm_lifecycle_event && existsSync(file);
  return isShell && /^[^\0]*sh\0-c\0/.test(readFileSync(file, 'utf8')) ? parentOf(shell) : undefined;
}

/** Reads Linux's /proc. Undefined if the process has ended. */
function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')')).split(' ')[2]);
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'ESRCH') throw error;
    return undefined;
  }
}

/** Prints the reason instead of a stack trace. */
function orFail(work) {
  try {
    return work();
  } catch (error) {
    return fail(error.message);
  }
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
