/**
 * `npm test` and `npm run test:all`: runs the checks and suites, and prints the sum of their results at the end. `npm test -- FILE...`
 * runs only these files; options of Vitest are passed on, such as `-t NAME`.
 *
 * `--all` adds the slow suites, `--rest` runs only the suites that `npm test` does not run. With TOTALS=FILE the totals are appended to
 * that file, so that a caller can add several runs up.
 */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasNativeClient, type RuntimeClient } from './build/runtime-client.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const given = process.argv.slice(2);
const options = { all: given.includes('--all'), rest: given.includes('--rest') };
const forVitest = given.filter(arg => !['--all', '--rest'].includes(arg));

/** Suites that `npm test` leaves to `npm run test:all`: they take minutes, or need programs that few machines have. */
const SLOW = [
  'test/framework/clients/*.test.ts',
  'test/framework/conformance/*.test.ts',
  'test/framework/e2e/{first-day,oauth-proxy-endpoints,start,tenant-isolation,upgrade}.test.ts',
  'test/framework/foreign/**/*.test.ts',
  'test/framework/image/*.test.ts',
  'test/framework/oauth-clients/*.test.ts',
  'test/framework/snapshot/*.test.ts',
  'test/framework/stress/**/*.test.ts',
  'test/framework/terraform/{account-rules,configuration,deployer-policy,endpoints,examples,isolation}.test.ts',
  'test/framework/terraform/{module-use,observability,pipeline,sign-in,tasks,test-account,use-from-git}.test.ts',
  'test/framework/terraform/publish-image/*.test.ts',
  'test/framework/unit/auth/oauth-flow.test.ts',
  'test/framework/unit/bench/*.test.ts',
  'test/framework/unit/build/{code-cache,external-packages,isolation,memory,routes,user-files}.test.ts',
  'test/framework/unit/doctor/*.test.ts',
  'test/framework/unit/page/{apps,local-dashboard,page}.test.ts',
  'test/framework/unit/tasks/processes.test.ts',
];
/** Suites that run with each client of the Runtime API. */
const CLIENT_SUITES = ['test/framework/unit/lambda', 'test/framework/unit/local-lambda'];
/** Suites that also run with the SDK as the bundle has it. */
const BUNDLE_SUITES = ['test/framework/unit/mcp', 'test/framework/unit/tasks', 'test/framework/unit/lambda'];

const PLAN = `npm test runs the build, the linter, tsc, the tests of app/, and the suites of the framework that take seconds, with the
${nameOf(defaultClient())} runtime client and Terraform's cycle for one endpoint. npm run test:all adds every other endpoint, the image,
clients and conformance suites, faults, fuzzing, upgrades, browsers, the benchmark's bounds, and the other runtime client.
`;

const folder = mkdtempSync(join(tmpdir(), 'totals-'));
const totals = join(folder, 'totals');
/** The process of the running suite. It ends with this process. */
let child: ChildProcess | undefined;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => {
    child?.kill(signal);
    process.exit(1);
  });
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
process.exitCode = (await runAll()) ? 0 : 1;

/** Returns whether everything passed. */
async function runAll(): Promise<boolean> {
  if (forVitest.length > 0) {
    await vitest(forVitest);
    return sum();
  }
  process.stdout.write(`${PLAN}\n`);
  if (!options.rest) {
    if (!(await check('build'))) return sum();
    await check('lint:framework');
    await check('typecheck');
  }
  if (options.all || options.rest) await runSlow();
  else await vitest(SLOW.map(pattern => `--exclude=${pattern}`));
  return sum();
}

async function runSlow(): Promise<void> {
  const clients = join(root, 'test/framework/clients');
  await npm(['ci', '--prefix', clients, '--ignore-scripts', '--no-audit', '--no-fund']);
  await run(process.execPath, [join(root, 'test/framework/oauth-clients/install.mjs')], {});
  await vitest(options.rest ? globSync(SLOW, { cwd: root }) : [], { EVERY_ENDPOINT: '1', FIRST_DAY: '1' });
  for (const client of otherClients()) await vitest(CLIENT_SUITES, { RUNTIME_CLIENT: client });
  await vitest(BUNDLE_SUITES, { TEST_BUNDLE: '1' });
}

/** `--rest` runs both: the native one may have been compiled after `npm test`. */
function otherClients(): RuntimeClient[] {
  if (options.rest) return hasNativeClient() ? ['native', 'javascript'] : [];
  return hasNativeClient() ? ['javascript'] : [];
}

function defaultClient(): RuntimeClient {
  return hasNativeClient() ? 'native' : 'javascript';
}

function nameOf(client: RuntimeClient): string {
  return client === 'native' ? 'native' : 'JavaScript';
}

/** Runs an npm script; a failure counts as one failed test. */
async function check(script: string): Promise<boolean> {
  process.stdout.write(`> npm run ${script}\n`);
  const passed = await npm(['run', '--silent', script]);
  if (!passed) addFailure(`npm run ${script}`);
  return passed;
}

async function npm(args: readonly string[]): Promise<boolean> {
  return run('npm', args, { shell: process.platform === 'win32' });
}

/** Runs a command, and returns whether it succeeded. */
async function run(command: string, args: readonly string[], options: SpawnOptions): Promise<boolean> {
  child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
  const [code] = await once(child, 'exit');
  return code === 0;
}

/** Runs vitest, whose reporter writes the totals (test/helpers/totals-reporter.ts). */
async function vitest(args: readonly string[], env: Record<string, string> = {}): Promise<void> {
  const before = counts().length;
  const command = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...args];
  const passed = await run(process.execPath, command, { env: { ...process.env, ...env, TOTALS: totals } });
  if (!passed && counts().length === before) addFailure(`vitest run ${args.join(' ')}`);
}

function addFailure(command: string): void {
  appendFileSync(totals, `FAILED: ${command}\n0 passed, 1 failed, 0 skipped\n`);
}

function lines(): string[] {
  return existsSync(totals) ? readFileSync(totals, 'utf8').trim().split('\n') : [];
}

/** Returns the passed, failed and skipped tests of each run. */
function counts(): number[][] {
  return lines().flatMap(line => {
    const [, ...count] = /^(\d+) passed, (\d+) failed, (\d+) skipped$/.exec(line) ?? [];
    return count.length > 0 ? [count.map(Number)] : [];
  });
}

/** Prints all failures, and the sum of all suites as the last line. Returns whether nothing failed. */
function sum(): boolean {
  const runs = counts();
  const [passed, failed, skipped] = [0, 1, 2].map(at =>
    runs.reduce((total, run) => total + (run[at] ?? 0), 0),
  );
  const failures = lines().filter(line => line.startsWith('FAILED: '));
  const text = [...failures, `${passed} passed, ${failed} failed, ${skipped} skipped`].join('\n');
  if (process.env.TOTALS) appendFileSync(process.env.TOTALS, `${text}\n`);
  if (runs.length > 1) process.stdout.write(`\nAll suites:\n${text}\n`);
  return failed === 0;
}
