/**
 * One execution environment: the function's process, its Runtime API, and its lifecycle as on Lambda: init, then one
 * invocation at a time, frozen in between, killed if it fails, exceeds its timeout or exceeds its memory.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html. pool.ts assigns invocations
 * to environments.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { BAD_SETTING } from './bad-setting.ts';
import {
  errorName,
  exited,
  type FunctionError,
  functionError,
  notStarted,
  timedOut,
} from './function-error.ts';
import { type Connection, openedBy } from './loopback-guard.ts';
import { memoryUse } from './memory.ts';
import type { EnvironmentState, Observer } from './observer.ts';
import {
  CREDENTIALS_PATH,
  type Invocation,
  RuntimeApi,
  type RuntimeCredentials,
  type RuntimeListener,
  type RuntimeResponse,
} from './runtime-api.ts';
import { TemporaryFolder } from './temporary-folder.ts';

/** Receives the events of a function with SnapStart. Durations in milliseconds. */
export interface SnapStartEvents {
  /** The version is published; `duration` is that of init. */
  published(duration: number): void;
  restoring(): void;
  restored(duration: number, error?: FunctionError): void;
}

/** The function and its limits. */
export interface FunctionSpec {
  /** The runtime's command line, for example `['node', 'entry.mjs']`. */
  command: readonly [string, ...string[]];
  /** Environment variables of the process, without those that the execution environment adds. */
  env: NodeJS.ProcessEnv;
  /** Timeout of an invocation, in seconds. */
  timeout: number;
  /** Timeout of init, in seconds. */
  initTimeout: number;
  /** Memory of the function, in MiB. */
  memory: number;
  /** Whether the process is stopped between invocations. */
  freeze: boolean;
  /** Present if the function has SnapStart. */
  snapStart?: SnapStartEvents | undefined;
  /** Receives the output of the function's process, stdout and stderr. */
  output: (chunk: Buffer, pid: number) => void;
  /** Receives events, for the dashboard. */
  observer?: Observer | undefined;
}

/** The measurements of one invocation, as in the REPORT line. */
export interface Report {
  /** Milliseconds from the dispatch to the end of the invocation. */
  duration: number;
  /** Duration of init in milliseconds, in the first invocation of an environment. */
  initDuration?: number;
  /** Duration of the restore in milliseconds, in the first invocation of an environment with SnapStart. */
  restoreDuration?: number;
  /** Highest resident set of the process so far, in MiB. */
  maxMemory?: number;
  /** The last 4 KiB that the function wrote during the invocation. */
  logTail: string;
  /** The error of the function. */
  error?: FunctionError;
  /**
   * Why the environment ended, as in the REPORT line. Absent if it continues, which it also does after an error that its runtime
   * posted.
   */
  failure?: FunctionError;
}

export interface Invoked {
  response: RuntimeResponse;
  /** Settles when the invocation is over: the runtime requests the next one, or has ended. */
  report: Promise<Report>;
}

const MEMORY_CHECK_MS = 50;
const LOG_TAIL_BYTES = 4096;
const LAST_WORDS_MS = 200;
/** Time for the after-restore hooks, in seconds. https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks.html */
const RESTORE_TIMEOUT = 10;
/**
 * Minimum timeout of init with SnapStart, in seconds. https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
 */
const MIN_SNAPSHOT_TIMEOUT = 130;
const NO_RESTORE_NEXT =
  'The runtime does not implement restore/next. On Lambda, publishing the version fails, unless the image has the label ' +
  'com.amazonaws.lambda.feature.snapstart="Allow".';

/** Init or restore failed; `error` is the error as Lambda reports it. */
export class InitError extends Error {
  override readonly name = 'InitError';
  readonly error: FunctionError;
  /** Why the environment ended. After an error that the runtime posted, this is the exit of the process. */
  readonly failure: FunctionError;
  /** The last 4 KiB that the process wrote. */
  readonly logTail: string;

  /** Whether the function has SnapStart, so that its version cannot be published. */
  readonly snapStart: boolean;

  constructor(error: FunctionError, logTail: string, { failure = error, snapStart = false } = {}) {
    super(`The function could not be initialized: ${error.body}`);
    this.error = error;
    this.failure = failure;
    this.logTail = logTail;
    this.snapStart = snapStart;
  }
}

let made = 0;

export class Environment {
  /** Unique in this process. */
  readonly id = ++made;
  readonly #spec: FunctionSpec;
  readonly #api: RuntimeApi;
  readonly #credentials: RuntimeCredentials | undefined;
  #child: ChildProcess | undefined;
  #initDuration: number | undefined;
  #restoreDuration: number | undefined;
  /** Whether it waits to be restored, in place of a snapshot. */
  #isSnapshot = false;
  #maxMemory: number | undefined;
  /** Settled by the first event in the current phase. */
  #phase = Promise.withResolvers<RuntimeResponse | 'idle' | 'snapshot' | FunctionError>();
  #ended = Promise.withResolvers<FunctionError | undefined>();
  #alive = true;
  #invocation: string | undefined;
  /** The invocation in which init runs again, if it does. */
  #initOf: string | undefined;
  /** The error that the runtime posted to init/error. Init has failed only when the process has ended. */
  #posted: FunctionError | undefined;
  #logTail = Buffer.alloc(0);
  readonly #exit = Promise.withResolvers<void>();
  #temporary: TemporaryFolder | undefined;

  constructor(spec: FunctionSpec) {
    this.#spec = spec;
    const isRuntime = (connection: Connection) => openedBy(this.pid ?? 0, connection);
    this.#credentials = spec.snapStart && credentialsOf(spec.env);
    this.#api = new RuntimeApi(this.#listener(), isRuntime, this.#credentials);
  }

  #listener(): RuntimeListener {
    return {
      idle: () => {
        this.#phase.resolve('idle');
        this.#ended.resolve(undefined);
      },
      initError: error => {
        this.#posted = error;
        // The process would print the message once more before it ends; the local Lambda prints it once, as a list.
        if (errorName(error) === BAD_SETTING) this.#phase.resolve(error);
      },
      snapshot: () => this.#phase.resolve('snapshot'),
      restoreError: error => this.#phase.resolve(error),
      response: response => this.#phase.resolve(response),
    };
  }

  /** Whether it can take another invocation. */
  get alive(): boolean {
    return this.#alive;
  }

  /** Whether it has to be restored before it can take an invocation. */
  get isSnapshot(): boolean {
    return this.#isSnapshot;
  }

  /** Settles when the process is gone. */
  get exited(): Promise<void> {
    return this.#exit.promise;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * Starts the process and waits until it requests an invocation. Rejects with {@link InitError}; the environment has then ended.
   * `requestId` is that of the invocation in which init runs again.
   */
  async init(seconds = this.#spec.initTimeout, requestId?: string): Promise<void> {
    this.#is('init');
    this.#initOf = requestId;
    const started = performance.now();
    const limitSeconds = this.#spec.snapStart ? Math.max(this.#spec.timeout, MIN_SNAPSHOT_TIMEOUT) : seconds;
    const timer = setTimeout(() => this.#fail(timedOut(requestId, limitSeconds)), limitSeconds * 1000);
    try {
      this.#start(await this.#api.listen());
    } catch (error) {
      // For example, no file descriptor is available.
      this.#fail(functionError('Sandbox.Failure', (error as Error).message));
      this.#exit.resolve(this.#temporary?.remove());
    }
    const outcome = await this.#phase.promise;
    clearTimeout(timer);
    const { snapStart } = this.#spec;
    if (outcome !== (snapStart ? 'snapshot' : 'idle')) throw this.#initError(outcome);
    const duration = performance.now() - started;
    if (snapStart) snapStart.published(duration);
    else this.#initDuration = duration;
    this.#isSnapshot = snapStart !== undefined;
    this.#freeze();
  }

  /**
   * Continues as an environment that Lambda restores from the snapshot. Rejects with {@link InitError}; the environment has then
   * ended.
   */
  async restore(): Promise<void> {
    this.#isSnapshot = false;
    this.#phase = Promise.withResolvers();
    const { snapStart } = this.#spec;
    snapStart?.restoring();
    const started = performance.now();
    const limit = setTimeout(() => this.#fail(timedOut(undefined, RESTORE_TIMEOUT)), RESTORE_TIMEOUT * 1000);
    this.#signal('SIGCONT');
    this.#is('restoring');
    this.#api.restore();
    const outcome = await this.#phase.promise;
    clearTimeout(limit);
    const error = outcome === 'idle' ? undefined : this.#initError(outcome);
    this.#restoreDuration = performance.now() - started;
    snapStart?.restored(this.#restoreDuration, error?.error);
    if (error) throw error;
    this.#freeze();
  }

  /** Ends the environment and returns why init or the restore failed. */
  #initError(outcome: RuntimeResponse | 'idle' | 'snapshot' | FunctionError): InitError {
    this.kill();
    const error =
      typeof outcome === 'string'
        ? functionError('Runtime.Unknown', NO_RESTORE_NEXT)
        : 'type' in outcome
          ? outcome
          : functionError('Runtime.Unknown', 'The runtime responded during init.');
    const snapStart = this.#spec.snapStart !== undefined;
    return new InitError(this.#posted ?? error, this.#logTail.toString(), { failure: error, snapStart });
  }

  /** Runs one invocation. Never rejects: errors are in the response or, later, in the report. */
  async invoke(invocation: Invocation, timeout = this.#spec.timeout): Promise<Invoked> {
    this.#phase = Promise.withResolvers();
    this.#ended = Promise.withResolvers();
    this.#invocation = invocation.id;
    this.#logTail = Buffer.alloc(0);
    const started = performance.now();
    this.#signal('SIGCONT');
    this.#spec.observer?.invoked(this.id, invocation);
    this.#is('busy');
    const timer = setTimeout(() => this.#fail(timedOut(invocation.id, this.#spec.timeout)), timeout * 1000);
    const watch = setInterval(() => this.#checkMemory(), MEMORY_CHECK_MS);
    try {
      this.#api.dispatch(invocation, Date.now() + Math.round(timeout * 1000));
    } catch (error) {
      this.#fail(functionError('Sandbox.Failure', (error as Error).message));
    }

    const first = await this.#phase.promise;
    const response = toRuntimeResponse(first);
    const report = this.#reportWhenOver(response, started).finally(() => {
      clearTimeout(timer);
      clearInterval(watch);
      this.#invocation = undefined;
    });
    return { response, report };
  }

  /** Stops the process during an invocation, whose timeout continues; {@link resume} continues the process. */
  hold(): void {
    if (this.#invocation === undefined) return;
    this.#signal('SIGSTOP');
    this.#is('held');
  }

  resume(): void {
    if (this.#invocation === undefined) return;
    this.#signal('SIGCONT');
    this.#is('busy');
  }

  /** Kills the process, as if it had crashed. */
  crash(): void {
    this.#signal('SIGKILL');
  }

  /** Makes the current invocation time out, if there is one. */
  timeOut(): void {
    if (this.#invocation !== undefined) this.#fail(timedOut(this.#invocation, this.#spec.timeout));
  }

  /** Ends the process immediately, as Lambda does if there is no extension. */
  kill(): void {
    this.#end();
  }

  #end(error?: FunctionError): void {
    if (this.#alive) this.#is('ended');
    this.#alive = false;
    this.#signal('SIGKILL');
    this.#api.close(error?.type === 'Sandbox.Timeout' ? error : undefined);
  }

  async #reportWhenOver(response: RuntimeResponse, started: number): Promise<Report> {
    const failed = await this.#ended.promise;
    const late = response.kind === 'streamed' ? await response.ended : undefined;
    this.#checkMemory();
    const error = failed ?? (response.kind === 'error' ? response.error : late);
    const report: Report = {
      duration: performance.now() - started,
      logTail: this.#logTail.toString(),
      ...(this.#initDuration !== undefined && { initDuration: this.#initDuration }),
      ...(this.#restoreDuration !== undefined && { restoreDuration: this.#restoreDuration }),
      ...(this.#maxMemory !== undefined && { maxMemory: this.#maxMemory }),
      ...(error && { error }),
      ...(failed && { failure: failed }),
    };
    this.#initDuration = undefined;
    this.#restoreDuration = undefined;
    if (this.#invocation !== undefined) this.#spec.observer?.reported(this.#invocation, report);
    if (this.#alive) this.#freeze();
    return report;
  }

  #start(runtimeApi: string): void {
    const [file, ...args] = this.#spec.command;
    this.#temporary = new TemporaryFolder();
    // A separate process group: processes that the function starts are frozen and killed with it.
    this.#child = spawn(file, args, {
      env: {
        ...this.#spec.env,
        ...this.#temporary.env,
        AWS_LAMBDA_RUNTIME_API: runtimeApi,
        ...(this.#credentials && credentialVariables(runtimeApi, this.#credentials)),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const output = (chunk: Buffer): void => {
      this.#logTail = Buffer.concat([this.#logTail, chunk]).subarray(-LOG_TAIL_BYTES);
      this.#spec.output(chunk, this.pid ?? 0);
      this.#spec.observer?.output(this.id, chunk);
    };
    this.#child.stdout?.on('data', output);
    this.#child.stderr?.on('data', output);
    this.#child.once('error', error => {
      this.#fail(notStarted(this.#invocation ?? this.#initOf, file, error));
      if (this.pid === undefined) this.#exit.resolve(this.#temporary?.remove()); // It never started.
    });
    this.#child.once('exit', (code, signal) => this.#exited({ code, signal }));
  }

  /** Kills the child processes of a process that has exited, and waits up to 200 ms for its last output. */
  #exited(how: { code: number | null; signal: NodeJS.Signals | null }): void {
    this.#signalGroup('SIGKILL');
    const gone = (): void => {
      clearTimeout(timer);
      this.#fail(exited(this.#invocation ?? this.#initOf, how));
      this.#exit.resolve(this.#temporary?.remove());
    };
    const timer = setTimeout(gone, LAST_WORDS_MS);
    this.#child?.once('close', gone);
  }

  /** Ends the environment: settles the current phase with the error and kills the process if it still runs. */
  #fail(error: FunctionError): void {
    this.#end(error);
    this.#phase.resolve(error);
    this.#ended.resolve(error);
  }

  #checkMemory(): void {
    const use = this.pid === undefined ? undefined : memoryUse(this.pid);
    if (!use) return;
    this.#maxMemory = Math.max(use.max, this.#maxMemory ?? 0);
    if (use.now > this.#spec.memory)
      this.#fail(exited(this.#invocation ?? this.#initOf, { code: null, signal: 'SIGKILL' }));
  }

  #freeze(): void {
    if (this.#spec.freeze) this.#signal('SIGSTOP');
    if (this.#isSnapshot) this.#is('snapshot');
    else this.#is(this.#spec.freeze ? 'frozen' : 'idle');
  }

  #is(state: EnvironmentState): void {
    this.#spec.observer?.environment(this.id, state, this.pid);
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#child?.exitCode === null && this.#child.signalCode === null) this.#signalGroup(signal);
  }

  #signalGroup(signal: NodeJS.Signals): void {
    if (this.pid === undefined) return;
    try {
      // Windows has no process groups.
      process.kill(process.platform === 'win32' ? this.pid : -this.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // ESRCH: the group has no processes.
    }
  }
}

/** Returns the credentials of a function with SnapStart, which reads them from an endpoint because those of the snapshot expire. */
function credentialsOf(env: NodeJS.ProcessEnv): RuntimeCredentials {
  const { AWS_ACCESS_KEY_ID = 'none', AWS_SECRET_ACCESS_KEY = 'none', AWS_SESSION_TOKEN = '' } = env;
  return {
    AccessKeyId: AWS_ACCESS_KEY_ID,
    SecretAccessKey: AWS_SECRET_ACCESS_KEY,
    Token: AWS_SESSION_TOKEN,
    token: randomUUID(),
  };
}

/** Returns the variables that name this endpoint, and unsets the variables that Lambda sets without SnapStart. */
function credentialVariables(runtimeApi: string, { token }: RuntimeCredentials): NodeJS.ProcessEnv {
  return {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://${runtimeApi}${CREDENTIALS_PATH}`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: token,
    AWS_ACCESS_KEY_ID: undefined,
    AWS_SECRET_ACCESS_KEY: undefined,
    AWS_SESSION_TOKEN: undefined,
  };
}

function toRuntimeResponse(outcome: RuntimeResponse | 'idle' | 'snapshot' | FunctionError): RuntimeResponse {
  if (typeof outcome === 'string')
    return { kind: 'error', error: functionError('Runtime.Unknown', 'The runtime sent no response.') };
  return 'kind' in outcome ? outcome : { kind: 'error', error: outcome };
}
