/**
 * `npm start`: builds the function, runs it in the local Lambda, and when a file of app/ changes builds it anew and puts the
 * new one in the place of the old, as a deployment would. A build that fails leaves the one that runs.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(fileURLToPath(import.meta.url), '../..');
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
/** An editor writes a file in several steps. */
const QUIET_MS = 100;

let lambda: ChildProcess | undefined;
/** What checks the types, which takes longer than it takes to end. */
let compiling: ChildProcess | undefined;
let ending = false;
for (const signal of SIGNALS) {
  process.on(signal, () => {
    ending = true;
    compiling?.kill();
    if (lambda) lambda.kill(signal);
    else process.exit(0);
  });
}

if (!(await builds())) process.exit(1);
let platform = platformFiles();
start();
void reportTypes();
watchApp(rebuild);

function start(): void {
  const entry = join(root, 'dist/entry.mjs');
  const started = spawn(process.execPath, [entry, ...process.argv.slice(2)], {
    // What happens in the platform is shown to whoever develops here, on a free port unless one is named.
    env: { LAMBDA_DASHBOARD_PORT: '0', ...process.env },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  lambda = started;
  started.once('exit', code => {
    if (lambda !== started) return;
    compiling?.kill();
    process.exit(ending ? 0 : (code ?? 1));
  });
}

async function rebuild(file: string): Promise<void> {
  const began = performance.now();
  if (!(await builds())) {
    say(`${file} has changed; what runs is still the function from before.`);
    return;
  }
  const restarted = await replace();
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  say(
    `${file} has changed: built in ${seconds} s, ${restarted ? 'all is started anew' : 'the next call gets it'}.`,
  );
  void reportTypes();
}

/** Gives the local Lambda the new function; where it is itself another one, starts it anew. */
async function replace(): Promise<boolean> {
  const files = platformFiles();
  if (files === platform) {
    lambda?.send('replace');
    return false;
  }
  platform = files;
  const old = lambda;
  lambda = undefined;
  old?.kill('SIGTERM');
  if (old) await once(old, 'exit');
  if (!ending) start();
  return true;
}

async function builds(): Promise<boolean> {
  const build = spawn(process.execPath, [join(root, 'scripts/build/build.ts')], { stdio: 'inherit' });
  const [code] = await once(build, 'exit');
  return code === 0;
}

/** What is running besides the function. */
function platformFiles(): string {
  const files = globSync(['entry.mjs', 'local.mjs', 'local/*'], { cwd: join(root, 'dist') }).sort();
  return files.map(file => `${file}\n${readFileSync(join(root, 'dist', file), 'utf8')}`).join('\n');
}

/** Types are erased, not checked, by the build; what is wrong with them is told all the same, and stops nothing. */
async function reportTypes(): Promise<void> {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const tsc = spawn(process.execPath, [compiler, '--noEmit', '--pretty', 'false'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  compiling?.kill();
  compiling = tsc;
  let output = '';
  tsc.stdout.on('data', chunk => (output += chunk));
  await once(tsc, 'close');
  if (compiling !== tsc) return;
  const errors = output.split('\n').filter(line => line.startsWith('app/'));
  if (errors.length > 0)
    say(`${errors.join('\n')}\n(Type errors: the function runs, but may not do what you think.)`);
}

/** Calls `changed` when files of app/ have changed, one time after another. */
function watchApp(changed: (file: string) => Promise<void>): void {
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> = Promise.resolve();
  watch(join(root, 'app'), { recursive: true }, (_event, name) => {
    if (!name || !/\.(ts|tsx|js|mjs|json|css|html)$/.test(name)) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      working = working.then(() => changed(`app/${name}`));
    }, QUIET_MS);
  });
}

function say(message: string): void {
  if (!ending) process.stdout.write(`\n${message}\n\n`);
}
