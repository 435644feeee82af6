/**
 * Receives events of environments and invocations; it cannot change them. dashboard/recorder.ts implements it.
 */
import type { FunctionError } from './function-error.ts';
import type { Invocation } from './runtime-api.ts';

/**
 * `init`: starting; `snapshot`: initialized, waiting to be restored (SnapStart); `restoring`: running its after-restore hooks;
 * `busy`: runs an invocation; `frozen`: stopped between invocations, as on Lambda; `idle`: running between invocations, because
 * freezing is off; `held`: stopped during an invocation by the dashboard; `ended`: the process has ended.
 */
export type EnvironmentState =
  | 'init'
  | 'snapshot'
  | 'restoring'
  | 'busy'
  | 'frozen'
  | 'idle'
  | 'held'
  | 'ended';

/** The part of a report that is shown, in milliseconds and MiB. */
export interface ObservedReport {
  duration: number;
  initDuration?: number;
  restoreDuration?: number;
  maxMemory?: number;
  error?: FunctionError;
}

export interface Observer {
  environment(id: number, state: EnvironmentState, pid: number | undefined): void;
  invoked(environment: number, invocation: Invocation): void;
  /** Receives output of the process, in any state. */
  output(environment: number, chunk: Buffer): void;
  reported(invocation: string, report: ObservedReport): void;
}
