/**
 * The process entry, the same on Lambda and on any machine: with `AWS_LAMBDA_RUNTIME_API` set it is the Runtime
 * Interface Client, else it is the local Lambda, which starts this very command as its function.
 *
 * `node entry.mjs handler.stream`: the argument is the handler, as the CMD of a Lambda image is.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Prepare } from '../local-lambda/main.ts';
import type { LocalLambdaOptions } from '../local-lambda/options.ts';
import type { RouteSummary } from './create-handlers.ts';

const TABLE = 'mcp-table';
const LOCAL_HOSTS = 'localhost,127.0.0.1,[::1]';
const entry = fileURLToPath(import.meta.url);

/** What scripts/build/build.ts builds for. */
const NODE = 24;
if (Number.parseInt(process.versions.node, 10) < NODE) {
  process.stderr.write(
    `Node ${NODE} or newer is needed here, and this is ${process.versions.node}. "npm start" brings its own.\n`,
  );
  process.exit(1);
}

if (process.env.AWS_LAMBDA_RUNTIME_API) {
  // The client reads the handler and where it is from these alone; Lambda sets both (it takes _HANDLER from the CMD).
  process.env._HANDLER ||= process.argv[2] ?? 'handler.stream';
  process.env.LAMBDA_TASK_ROOT ||= dirname(entry);
  void import(beside('ric/index.mjs'));
} else {
  void startLocal();
}

async function startLocal(): Promise<void> {
  const local: typeof import('../local-lambda/main.ts') = await import(beside('local.mjs'));
  const { printStartupMessage } = await import('../local-lambda/startup-message.ts');
  process.env.LAMBDA_TASK_ROOT ||= dirname(entry);
  const open = !process.env.MCP_AUTH;
  // On a developer's machine nobody is asked who they are; instead nobody else's web page gets in.
  process.env.MCP_AUTH ||= 'none';
  process.env.MCP_ALLOWED_HOSTS ||= LOCAL_HOSTS;
  process.env.MCP_ALLOWED_ORIGINS ||= LOCAL_HOSTS;
  const command: [string, ...string[]] = [process.execPath, ...process.execArgv, entry];
  const routes: RouteSummary = JSON.parse(readFileSync(new URL('routes.json', import.meta.url), 'utf8'));
  const { paths } = routes;
  const lambda = await local.main(process.argv.slice(2), process.env, command, (options, env) => {
    const prepared = withTable(options, withSecret(env), routes);
    return asDeployed(prepared.options, prepared.env, paths);
  });
  if (lambda) printStartupMessage(lambda.url, { paths, open, page: process.env.MCP_PAGE !== 'off' });
}

/**
 * The OAuth proxy has a secret: one for each checkout, so that sign-ins survive a restart, in a file that git ignores. Where
 * nothing can be written (a container), one for each start.
 */
function withSecret(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (env.MCP_OAUTH_PROXY !== 'on' || env.MCP_SECRET) return env;
  const file = new URL('../.mcp-secret', import.meta.url);
  const secret = randomBytes(32).toString('hex');
  try {
    writeFileSync(file, secret, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return { ...env, MCP_SECRET: readFileSync(file, 'utf8') };
    process.stderr.write(
      `MCP_SECRET is not set and cannot be saved (${code}): sign-ins end with this process.\n`,
    );
  }
  return { ...env, MCP_SECRET: secret };
}

/** Tasks and sign-ins have what they need: the function can invoke itself, and there is a table. */
function withTable(
  options: LocalLambdaOptions,
  env: NodeJS.ProcessEnv,
  { background }: RouteSummary,
): { options: LocalLambdaOptions; env: NodeJS.ProcessEnv } {
  if (!background && !env.MCP_TABLE && env.MCP_OAUTH_PROXY !== 'on') return { options, env };
  const table = env.MCP_TABLE || TABLE;
  const elsewhere = env.AWS_ENDPOINT_URL_DYNAMODB || env.AWS_ENDPOINT_URL;
  const there = elsewhere || options.tables.some(({ name }) => name === table);
  const tables = there ? options.tables : [...options.tables, { name: table, key: 'key' }];
  return { options: { ...options, tables, selfInvoke: true }, env: { ...env, MCP_TABLE: table } };
}

/**
 * Behind an authorizer as terraform/ deploys it: the rules are the authorizer's, and the server takes its word; and a REST
 * API's own 401 leads to the metadata, since no other answer of it can.
 */
function asDeployed(
  options: LocalLambdaOptions,
  env: NodeJS.ProcessEnv,
  [path = '']: readonly string[],
): ReturnType<Prepare> {
  if (!options.authorizer || options.authorizer === 'jwt')
    return { environments: { function: env, authorizer: env }, options };
  const environments = { function: { ...env, MCP_AUTH: 'authorizer' }, authorizer: env };
  const oauth = env.MCP_AUTH?.includes('oauth');
  const leads = oauth ? ` resource_metadata="{url}/.well-known/oauth-protected-resource${path}"` : '';
  const challenge = options.challenge || `Bearer${leads}`;
  // A verdict that is kept beyond its token's end is refused by the server, and by the stage's URL a client cannot find the
  // metadata after that.
  const byStage = options.endpoint === 'rest-api' && !options.domainName;
  const authorizerTtl = options.authorizerTtl ?? (oauth && byStage ? 0 : undefined);
  return { environments, options: { ...options, challenge, authorizerTtl } };
}

/** A file of the build, beside this one there and not to be bundled into it. */
function beside(file: string): string {
  return new URL(file, import.meta.url).href;
}
