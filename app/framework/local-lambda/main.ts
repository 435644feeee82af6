/**
 * The command line of the local Lambda: options in, a running platform out, ended by a signal.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BAD_SETTING } from './bad-setting.ts';
import { InitError } from './environment.ts';
import { errorName } from './function-error.ts';
import { type Environments, ListenError, type LocalLambda, startLocalLambda } from './local-lambda.ts';
import { helpText, type LocalLambdaOptions, OptionError, parseOptions } from './options.ts';

/** Returns what a project knows of its own functions: their environments, and settings that follow from others. */
export type Prepare = (
  options: LocalLambdaOptions,
  env: NodeJS.ProcessEnv,
) => { environments: Environments; options: LocalLambdaOptions };

const asGiven: Prepare = (options, env) => ({ environments: { function: env, authorizer: env }, options });

const BAD_SETTING_CODE = 2;

/**
 * Starts it from `argv` (without node and script) and `env`, and waits for the first init. `command` is the runtime to start when
 * `argv` names none. Returns undefined if the function is not ready, for a reason that has been printed: help was asked for, a
 * setting is bad (exit code 2), the port is taken (1), or init failed; then the endpoint serves, and each request retries init.
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
      `The endpoint at ${lambda.url}/ serves: each request retries init.`,
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
    return undefined;
  } finally {
    if (process.connected) process.send?.('started');
  }
}

/** Lines about what is served besides the endpoint. */
export function addressesOf({ dashboardUrl, invokeUrl }: LocalLambda): string[] {
  return [
    ...(invokeUrl ? [`Invoke API at ${invokeUrl}`] : []),
    ...(dashboardUrl ? [`Local dashboard: ${dashboardUrl}/`] : []),
  ];
}

/** The Runtime Interface Client beside this file. */
function defaultRuntime(): [string, ...string[]] {
  return [process.execPath, join(dirname(fileURLToPath(import.meta.url)), 'ric', 'index.mjs')];
}

/** What a person, a supervisor or a closed terminal sends to end a process. */
const SIGNALS = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  ...(process.platform === 'win32' ? [] : ['SIGQUIT' as const]),
];

/**
 * However this process ends, short of SIGKILL, the processes that it has started end with it: frozen ones would stay forever. A
 * signal may arrive several times, for example from the process group and relayed by npm; only the first one counts.
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
 * A parent process with an IPC channel sends `hold` when it builds new files of the function, then `replace` when they are
 * there or `release` when they are not. When the parent ends, this process ends as well.
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

/** The message of the function's error. */
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
