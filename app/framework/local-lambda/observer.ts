/**
 * Receives events of environments and invocations; it cannot change them. dashboard/recorder.ts is one. Without an observer
 * nothing is recorded.
 */
import type { FunctionError } from './function-error.ts';
import type { Invocation } from './runtime-api.ts';

/**
 * `init`: starting; `snapshot`: initialized, waiting to be restored (SnapStart); `restoring`: running its after-restore hooks;
 * `busy`: with an invocation; `frozen`: stopped in between, as on Lambda; `idle`: in between, but running,
 * where freezing is off; `held`: stopped in the middle of an invocation from the dashboard; `ended`: gone.
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

/** What of a report is shown: milliseconds and MiB. */
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
  /** What the process wrote, whatever it was doing. */
  output(environment: number, chunk: Buffer): void;
  reported(invocation: string, report: ObservedReport): void;
}
