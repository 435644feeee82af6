/**
 * The command line of the local Lambda: options in, a running platform out, ended by a signal.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InitError } from './environment.ts';
import { type Environments, ListenError, type LocalLambda, startLocalLambda } from './local-lambda.ts';
import { helpText, type LocalLambdaOptions, OptionError, parseOptions } from './options.ts';

/** What a project knows of its own functions: their environments, and settings that follow from others. */
export type Prepare = (
  options: LocalLambdaOptions,
  env: NodeJS.ProcessEnv,
) => { environments: Environments; options: LocalLambdaOptions };

const asGiven: Prepare = (options, env) => ({ environments: { function: env, authorizer: env }, options });

/**
 * Starts it from `argv` (without node and script) and `env`. `command` is the runtime to start when `argv` names none.
 * Gives undefined when there is nothing to run: help was asked for, or a setting is bad (the exit code says which).
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
      process.stdout.write(helpText());
      return undefined;
    }
    const { environments, options } = prepare(parsed, env);
    const [first, ...rest] = options.command;
    const output = { write: (text: string | Buffer) => process.stdout.write(text), colour: wantsColour(env) };
    const lambda = await startLocalLambda(
      { ...options, command: first ? [first, ...rest] : command },
      environments,
      output,
    );
    endOnSignal(lambda);
    if (lambda.invokeUrl) process.stdout.write(`Invoke API at ${lambda.invokeUrl}\n`);
    if (lambda.dashboardUrl) process.stdout.write(`Local dashboard: ${lambda.dashboardUrl}/\n`);
    watchParentProcess(lambda);
    lambda.ready.catch(reportInit);
    return lambda;
  } catch (error) {
    if (!(error instanceof OptionError || error instanceof ListenError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error instanceof OptionError ? 2 : 1;
    return undefined;
  }
}

/** The Runtime Interface Client beside this file. */
function defaultRuntime(): [string, ...string[]] {
  return [process.execPath, join(dirname(fileURLToPath(import.meta.url)), 'ric', 'index.mjs')];
}

/** What a person, a supervisor or a closed terminal sends to end a process. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', ...(process.platform === 'win32' ? [] : ['SIGQUIT' as const])];

/** However this process ends, short of SIGKILL, what it has started ends with it: a frozen process would stay for good. */
function endOnSignal(lambda: LocalLambda): void {
  for (const signal of ENDING) {
    process.once(signal, () => void lambda.close().then(() => process.exit(0)));
  }
  process.once('exit', () => lambda.kill());
}

/**
 * A process that has started this one with an IPC channel says `replace` when the function's files have changed, and takes
 * this one with it when it goes, whatever way that is.
 */
function watchParentProcess(lambda: LocalLambda): void {
  if (!process.channel) return;
  process.on('message', message => {
    if (message === 'replace') lambda.replace().catch(reportInit);
  });
  process.once('disconnect', () => void lambda.close().then(() => process.exit(0)));
  process.channel.unref();
}

function reportInit(error: unknown): void {
  if (!(error instanceof InitError)) throw error;
  const native = /NativeClientLoading|rapid-client\.node/.test(error.error.body + error.logTail);
  const advice = native
    ? 'The native part of aws-lambda-ric cannot be loaded. Run "npm run native" (needs cmake, make and g++), then build again.'
    : 'Mend what it says above; every request tries the init again.';
  process.stderr.write(`The function does not start: ${error.error.type}${reasonOf(error)}. ${advice}\n`);
}

/** What the function's error says of itself. */
function reasonOf({ error: { body } }: InitError): string {
  try {
    const { errorMessage } = JSON.parse(body) as { errorMessage?: unknown };
    return typeof errorMessage === 'string' ? `: ${errorMessage.replace(/\.$/, '')}` : '';
  } catch {
    return ''; // Any runtime may post what it likes; it is in the log above.
  }
}

function wantsColour(env: NodeJS.ProcessEnv): boolean {
  return !env.NO_COLOR && (Boolean(env.FORCE_COLOR) || Boolean(process.stdout.isTTY));
}

if (import.meta.main) {
  const lambda = await main(process.argv.slice(2), process.env);
  if (lambda) process.stdout.write(`Lambda function ready at ${lambda.url}/\n`);
}
