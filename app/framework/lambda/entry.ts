/**
 * The process entry, the same on Lambda and on any machine: with `AWS_LAMBDA_RUNTIME_API` set it is the Runtime Interface Client,
 * else it is the local Lambda, which starts this same command as its function.
 *
 * `node entry.mjs handler.stream`: the argument is the handler, like the CMD of a Lambda image.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { localSecret } from '../local-lambda/local-secret.ts';
import type { Prepare } from '../local-lambda/main.ts';
import type { LocalLambdaOptions } from '../local-lambda/options.ts';
import { openSignInPaths } from '../sign-in-paths.ts';
import type { RouteSummary } from './create-handlers.ts';
import { V8_FLAGS } from './v8-flags.ts';

/** Threads of libuv's pool for other work than waiting for invocations. */
const THREADS_TO_WORK = 8;
const TABLE = 'mcp-store';
const LOCAL_HOSTS = 'localhost,127.0.0.1,[::1]';
const entry = fileURLToPath(import.meta.url);

/** The Node version that scripts/build/build.ts builds for. */
const NODE = 24;
if (Number.parseInt(process.versions.node, 10) < NODE) {
  process.stderr.write(
    `Node ${NODE} or newer is required; this is ${process.versions.node}. "npm start" uses its own.\n`,
  );
  process.exit(1);
}

if (process.env.AWS_LAMBDA_RUNTIME_API) {
  // The client reads the handler and its folder only from these. Lambda sets both (_HANDLER from the CMD).
  process.env._HANDLER ||= process.argv[2] ?? 'handler.stream';
  process.env.LAMBDA_TASK_ROOT ||= dirname(entry);
  allowWaitingThreads();
  if (process.env.AWS_LAMBDA_INITIALIZATION_TYPE === 'snap-start') void startWithSnapStart();
  else void import(fileUrl('ric/index.mjs'));
} else {
  void startLocal();
}

async function startWithSnapStart(): Promise<void> {
  const snapStart: typeof import('./snap-start.ts') = await import(fileUrl('snap-start.mjs'));
  await snapStart.prepareSnapStart();
  await import(fileUrl('ric/index.mjs'));
}

/**
 * Enlarges libuv's pool of threads on Managed Instances. There the client starts 8 worker threads per vCPU (getWorkerCount in
 * aws-lambda-ric), and each waits for invocations in a thread of the pool. By default the pool has 4 threads: all would wait, and
 * DNS and file operations would never end. Node reads the size when the pool is first used.
 */
function allowWaitingThreads(): void {
  const { AWS_LAMBDA_MAX_CONCURRENCY, AWS_LAMBDA_NODEJS_WORKER_COUNT } = process.env;
  if (AWS_LAMBDA_MAX_CONCURRENCY === undefined) return;
  const workers = Number(AWS_LAMBDA_NODEJS_WORKER_COUNT) || 8 * vcpus();
  process.env.UV_THREADPOOL_SIZE ||= String(workers + THREADS_TO_WORK);
}

function vcpus(): number {
  return process.getBuiltinModule('node:os').availableParallelism();
}

async function startLocal(): Promise<void> {
  const local: typeof import('../local-lambda/main.ts') = await import(fileUrl('local.mjs'));
  const { localSecret } = await import('../local-lambda/local-secret.ts');
  const { printStartupMessage } = await import('../local-lambda/startup-message.ts');
  process.env.LAMBDA_TASK_ROOT ||= dirname(entry);
  const auth = process.env.MCP_AUTH;
  // Locally, authentication is off by default; Host and Origin are restricted to localhost instead.
  process.env.MCP_AUTH ||= 'none';
  process.env.MCP_ALLOWED_HOSTS ||= LOCAL_HOSTS;
  process.env.MCP_ALLOWED_ORIGINS ||= LOCAL_HOSTS;
  const command: [string, ...string[]] = [process.execPath, ...V8_FLAGS, ...process.execArgv, entry];
  const routes: RouteSummary = JSON.parse(readFileSync(new URL('routes.json', import.meta.url), 'utf8'));
  const { paths } = routes;
  const lambda = await local.main(process.argv.slice(2), process.env, command, (options, env) => {
    const prepared = withServices(options, withSecret(env, localSecret), routes);
    return asDeployed(prepared.options, prepared.env, paths);
  });
  if (!lambda) return;
  process.stdout.write(`Runtime client: ${runtimeClient()}\n`);
  const page = process.env.MCP_PAGE !== 'off';
  printStartupMessage(lambda.url, { paths, auth, page, addresses: local.addressesOf(lambda) });
}

/** Returns which client of the Runtime API the build contains. */
function runtimeClient(): string {
  const native = existsSync(new URL('ric/rapid-client.node', import.meta.url));
  return native ? 'native' : 'JavaScript (npm run native compiles the native one)';
}

/** Adds the secret of this checkout. If it cannot be saved (a read-only container), each start creates a new one. */
function withSecret(env: NodeJS.ProcessEnv, read: typeof localSecret): NodeJS.ProcessEnv {
  if (env.MCP_SECRET) return env;
  const { secret, unsaved } = read(fileURLToPath(new URL('../.mcp-secret', import.meta.url)));
  if (unsaved !== undefined && env.MCP_OAUTH_PROXY === 'on')
    process.stderr.write(
      `MCP_SECRET is not set and cannot be saved (${unsaved}): sign-ins end with this process.\n`,
    );
  return { ...env, MCP_SECRET: secret };
}

/** Adds the table if routes or sign-ins need it, and permission to invoke itself if a route has background jobs. */
function withServices(
  options: LocalLambdaOptions,
  env: NodeJS.ProcessEnv,
  { background, table: needed }: RouteSummary,
): { options: LocalLambdaOptions; env: NodeJS.ProcessEnv } {
  if (!needed && !env.MCP_TABLE && env.MCP_OAUTH_PROXY !== 'on') return { options, env };
  const table = env.MCP_TABLE || TABLE;
  const elsewhere = env.AWS_ENDPOINT_URL_DYNAMODB || env.AWS_ENDPOINT_URL;
  const there = elsewhere || options.tables.some(({ name }) => name === table);
  const tables = there ? options.tables : [...options.tables, { name: table, key: 'key' }];
  return {
    options: { ...options, tables, ...(background && { selfInvoke: true }) },
    env: { ...env, MCP_TABLE: table },
  };
}

/**
 * Configures the function behind an authorizer as terraform/ deploys it: the authorizer authenticates, and the server trusts its
 * result. A gateway response adds the metadata to the 401 of a REST API, because API Gateway renames the header in responses of the
 * function.
 */
function asDeployed(
  options: LocalLambdaOptions,
  env: NodeJS.ProcessEnv,
  [path = '']: readonly string[],
): ReturnType<Prepare> {
  if (!options.authorizer || options.authorizer === 'jwt')
    return { environments: { function: env, authorizer: env }, options };
  const both = options.isolation === 'per-caller' ? { ...env, MCP_ISOLATION: 'per-caller' } : env;
  const environments = { function: { ...both, MCP_AUTH: 'authorizer' }, authorizer: both };
  const oauth = env.MCP_AUTH?.includes('oauth');
  const leads = oauth ? ` resource_metadata="{url}/.well-known/oauth-protected-resource${path}"` : '';
  const challenge = options.challenge || `Bearer${leads}`;
  // The server denies a cached result after its token has expired. From this 401, a client cannot find the metadata if the URL
  // contains a stage, so results are not cached.
  const byStage = options.endpoint === 'rest-api' && !options.domainName;
  const authorizerTtl = options.authorizerTtl ?? (oauth && byStage ? 0 : undefined);
  const openPaths = options.openPaths.length > 0 ? options.openPaths : openSignInPaths(env);
  return { environments, options: { ...options, challenge, authorizerTtl, openPaths } };
}

/** Returns the URL of a file of the build that is not bundled into this one. */
function fileUrl(file: string): string {
  return new URL(file, import.meta.url).href;
}
