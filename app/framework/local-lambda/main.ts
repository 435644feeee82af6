/**
 * The command line of the local Lambda: parses options, starts the local Lambda, and ends it on a signal.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BAD_SETTING } from './bad-setting.ts';
import { InitError } from './environment.ts';
import { errorName } from './function-error.ts';
import { type Environments, ListenError, type LocalLambda, startLocalLambda } from './local-lambda.ts';
import { helpText, type LocalLambdaOptions, OptionError, parseOptions } from './options.ts';

/** Returns the environment variables of the functions of a project, and the options with settings that depend on others. */
export type Prepare = (
  options: LocalLambdaOptions,
  env: NodeJS.ProcessEnv,
) => { environments: Environments; options: LocalLambdaOptions };

const asGiven: Prepare = (options, env) => ({ environments: { function: env, authorizer: env }, options });

const BAD_SETTING_CODE = 2;

/**
 * Starts the local Lambda from `argv` (without node and script) and `env`, and waits for the first init. `command` is the default
 * runtime. Returns undefined if the function is not ready, and prints why: `--help`, an invalid setting (exit code 2), a port in use
 * (exit code 1), or a failed init. After a failed init the endpoint accepts requests, and each request retries init.
 */
export async function main(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  command: [string, ...string[]] = defaultRuntime(),
  prepare: Prepare = asGiven,
): Promise<LocalLambda | undefined> {
  try {
    const parsed = parseOptions(argv, env);
    if (parsed === 'help') {
      process.stdout.write(helpText('node entry.mjs [handler] [options] [-- runtime command...]'));
      return undefined;
    }
    const { environments, options } = prepare(parsed, env);
    const [first, ...rest] = options.command;
    const lambda = await startLocalLambda(
      { ...options, log: options.log ?? defaultLog(), command: first ? [first, ...rest] : command },
      environments,
      { write: text => process.stdout.write(text), colour: wantsColour(env) },
    );
    endOnSignal(lambda);
    watchParentProcess(lambda);
    return await whenReady(lambda);
  } catch (error) {
    if (!(error instanceof OptionError || error instanceof ListenError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error instanceof OptionError ? BAD_SETTING_CODE : 1;
    return undefined;
  }
}

async function whenReady(lambda: LocalLambda): Promise<LocalLambda | undefined> {
  try {
    await lambda.ready;
    return lambda;
  } catch (error) {
    await reportInit(error, lambda);
    const lines = [
      ...addressesOf(lambda),
      `The endpoint at ${lambda.url}/ accepts requests: each request retries init.`,
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
    return undefined;
  } finally {
    if (process.connected) process.send?.('started');
  }
}

/** Returns lines with the addresses of the Invoke API and the dashboard. */
export function addressesOf({ dashboardUrl, invokeUrl }: LocalLambda): string[] {
  return [
    ...(invokeUrl ? [`Invoke API at ${invokeUrl}`] : []),
    ...(dashboardUrl ? [`Local dashboard: ${dashboardUrl}/`] : []),
  ];
}

/** Returns the command of the Runtime Interface Client next to this file. */
function defaultRuntime(): [string, ...string[]] {
  return [process.execPath, join(dirname(fileURLToPath(import.meta.url)), 'ric', 'index.mjs')];
}

/** Signals that a user, a supervisor or a closed terminal sends to end a process. */
const SIGNALS = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  ...(process.platform === 'win32' ? [] : ['SIGQUIT' as const]),
];

/**
 * Ends the processes of the function when this process ends, except by SIGKILL: frozen ones would stay forever. A signal may arrive
 * several times, for example from the process group and from npm; only the first one counts.
 */
function endOnSignal(lambda: LocalLambda): void {
  for (const signal of SIGNALS) process.on(signal, () => void end(lambda, 0));
  process.once('exit', () => lambda.kill());
}

let ending = false;
async function end(lambda: LocalLambda, code: number): Promise<void> {
  if (ending) return;
  ending = true;
  await lambda.close();
  process.exit(code);
}

/**
 * Handles messages of a parent process with an IPC channel: `hold` before it builds new files of the function, then `replace` if the
 * build succeeded or `release` if it failed. When the parent ends, this process ends as well.
 */
function watchParentProcess(lambda: LocalLambda): void {
  if (!process.channel) return;
  process.on('message', message => {
    if (message === 'hold') lambda.hold();
    if (message === 'release') lambda.release();
    if (message === 'replace') lambda.replace().catch(error => reportInit(error, lambda));
  });
  process.once('disconnect', () => void end(lambda, 0));
  process.channel.unref();
}

async function reportInit(error: unknown, lambda: LocalLambda): Promise<void> {
  if (!(error instanceof InitError)) throw error;
  if (ending) return;
  if (errorName(error.error) === BAD_SETTING) {
    process.stderr.write(`${messageOf(error)}\n`);
    await end(lambda, BAD_SETTING_CODE);
  }
  const native = /NativeClientLoading|rapid-client\.node/.test(error.error.body + error.logTail);
  const advice = native
    ? 'The native part of aws-lambda-ric cannot be loaded. Run "npm run native" (needs cmake, make and g++), then build again.'
    : 'Fix the error above.';
  const reason = messageOf(error).replace(/\.$/, '');
  process.stderr.write(
    `${error.snapStart ? 'The version cannot be published' : 'The function does not start'}: ${errorName(error.error)}${reason ? `: ${reason}` : ''}. ${advice}\n`,
  );
}

/** Returns the message of the function's error. */
function messageOf({ error: { body } }: InitError): string {
  try {
    const { errorMessage } = JSON.parse(body) as { errorMessage?: unknown };
    return typeof errorMessage === 'string' ? errorMessage : '';
  } catch {
    return ''; // A runtime may post anything; it is in the log above.
  }
}

function defaultLog(): 'requests' | 'full' {
  return process.stdout.isTTY ? 'requests' : 'full';
}

function wantsColour(env: NodeJS.ProcessEnv): boolean {
  return !env.NO_COLOR && (Boolean(env.FORCE_COLOR) || Boolean(process.stdout.isTTY));
}

if (import.meta.main) {
  const lambda = await main(process.argv.slice(2), process.env);
  if (lambda)
    process.stdout.write(
      `${[...addressesOf(lambda), `Lambda function ready at ${lambda.url}/`].join('\n')}\n`,
    );
}
