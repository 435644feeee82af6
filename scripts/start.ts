/**
 * `npm start`: builds the function and runs it in the local Lambda. When a file in app/ changes, it builds again and replaces the
 * running function, as a deployment would; calls wait for the new one. If a build fails, the previous function keeps running.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { helpText } from '../app/framework/local-lambda/options.ts';
import { BuildError } from './build/build-error.ts';
import { type AppBundle, createAppBundle } from './start/app-bundle.ts';
import { withEnvFile } from './start/env-file.ts';
import { typeErrors } from './start/type-check.ts';
import { watchFiles } from './start/watch-files.ts';

const root = join(fileURLToPath(import.meta.url), '../..');
const dist = join(root, 'dist');
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
/** An editor writes a file in several steps. */
const QUIET_MS = 50;
/** Exit code of the local Lambda if a setting is invalid. It has printed which one. */
const BAD_SETTING = 2;

/** The local Lambda. Undefined while it restarts, or while a setting is invalid. */
let lambda: ChildProcess | undefined;
/** The running complete build. */
let buildProcess: ChildProcess | undefined;
let bundle: Promise<AppBundle> | undefined;
/** Aborted when this process ends; this ends the processes of builds and type checks. */
const ending = new AbortController();
/** Aborted by the next change, which makes the result of the type check obsolete. */
let checking = new AbortController();
/** Files that have changed since the last build began, relative to the project. */
const changed = new Set<string>();

if (process.argv.slice(2).some(argument => argument === '--help' || argument === '-h')) {
  process.stdout.write(helpText('npm start -- [options]'));
  process.exit(0);
}
for (const signal of SIGNALS) process.on(signal, () => end(signal));

process.stdout.write('Building...\n');
if (!(await buildAll())) process.exit(1);
start();
watchFiles(join(root, 'app'), file => void onChange(file));

/** A signal arrives twice when it is sent to the process group and npm relays it as well. */
function end(signal: NodeJS.Signals): void {
  ending.abort();
  checking.abort();
  if (lambda) lambda.kill(signal);
  else if (buildProcess) buildProcess.once('exit', () => process.exit(0));
  else process.exit(0);
}

function start(): void {
  const started = spawn(process.execPath, [join(dist, 'entry.mjs'), ...process.argv.slice(2)], {
    // The local dashboard always runs, on a free port unless the user sets one.
    env: { LAMBDA_DASHBOARD_PORT: '0', ...withEnvFile(root) },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  lambda = started;
  // Not earlier: until then, the function needs the CPU.
  started.once('message', () => {
    bundle ??= createAppBundle(root, dist);
    void checkTypes();
  });
  started.once('exit', code => {
    if (lambda !== started) return;
    lambda = undefined;
    if (ending.signal.aborted) process.exit(0);
    if (code !== BAD_SETTING) process.exit(code ?? 1);
    checking.abort();
    say(
      'Waiting for a change in app/. To change an environment variable, stop npm start (Ctrl-C) and start it again.',
    );
  });
}

async function stop(): Promise<void> {
  const old = lambda;
  lambda = undefined;
  if (!old) return;
  old.kill('SIGTERM');
  await once(old, 'exit');
  if (ending.signal.aborted) process.exit(0);
}

let building = false;
/** Parts of dist/ that are built and do not run yet. */
let unstarted: 'function' | 'all' | undefined;

/** Builds; calls wait from here on. A file that changes during a build is built before the function runs. */
async function onChange(file: string): Promise<void> {
  checking.abort();
  changed.add(`app/${file}`);
  tell('hold');
  if (building) return;
  building = true;
  const started = performance.now();
  let failed = false;
  while (changed.size > 0) {
    await sleep(QUIET_MS);
    const files = [...changed];
    changed.clear();
    const what = files.length > 2 ? `${files.length} files in app/` : files.join(' and ');
    say(`${what} changed: building...`);
    const built = await build(files.some(name => name.startsWith('app/framework/')));
    failed = built === 'failed';
    if (built !== 'failed') unstarted = unstarted === 'all' ? 'all' : built;
  }
  building = false;
  if (failed) {
    tell('release');
    if (lambda) say('The previous function keeps running.');
    return;
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  await runNew(`Built in ${seconds} s.`);
}

async function runNew(built: string): Promise<void> {
  const restart = unstarted === 'all' || !lambda;
  unstarted = undefined;
  if (restart) {
    say(`${built} The local Lambda starts again.`);
    await stop();
    start();
  } else {
    say(`${built} The next call runs the new code.`);
    tell('replace');
    void checkTypes();
  }
}

/** Builds the changed files. Returns whether only the function is new, or the local Lambda too. */
async function build(framework: boolean): Promise<'failed' | 'function' | 'all'> {
  if (framework) {
    const before = localLambdaFiles();
    if (!(await buildAll())) return 'failed';
    return localLambdaFiles() === before ? 'function' : 'all';
  }
  try {
    bundle ??= createAppBundle(root, dist);
    const { sameRoutes } = await (await bundle).rebuild(ending.signal);
    // The start message names the routes.
    return sameRoutes ? 'function' : 'all';
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    if (!ending.signal.aborted) process.stderr.write(`${error.message}\n`);
    return 'failed';
  }
}

function buildAll(): Promise<boolean> {
  const script = join(root, 'scripts/build/build.ts');
  const child = spawn(process.execPath, [script], { stdio: 'inherit', signal: ending.signal });
  buildProcess = child;
  child.on('error', error => {
    if (!ending.signal.aborted) throw error;
  });
  return new Promise(resolve => {
    child.once('exit', code => {
      buildProcess = undefined;
      resolve(code === 0);
    });
  });
}

/** Returns the files of the build that run in the process of the local Lambda. */
function localLambdaFiles(): string {
  const files = globSync(['entry.mjs', 'local.mjs', 'local/*', 'routes.json'], { cwd: dist }).sort();
  return files.map(file => `${file}\n${readFileSync(join(dist, file), 'utf8')}`).join('\n');
}

async function checkTypes(): Promise<void> {
  checking.abort();
  checking = new AbortController();
  const errors = await typeErrors(root, AbortSignal.any([checking.signal, ending.signal]));
  if (errors.length > 0)
    say(`${errors.join('\n')}\nType errors: the function runs, but may not do what you expect.`);
}

function tell(message: 'hold' | 'release' | 'replace'): void {
  if (lambda?.connected) lambda.send(message);
}

function say(message: string): void {
  if (!ending.signal.aborted) process.stdout.write(`\n${message}\n`);
}
