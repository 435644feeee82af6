/** The options of `dynamoTasks`, their defaults and limits. */

export interface LongTool {
  /**
   * For a client without the extension: `'run-inline'` serves the call like any other, within the invocation; `'poll-tool'`
   * creates a task, waits for it, and after {@link DynamoTasksOptions.waitMs} returns the ID for the tool `get_result`, which is
   * added to the server; `'reject'` returns -32021 (Missing Required Client Capability).
   * @default 'run-inline'
   */
  fallback?: 'run-inline' | 'poll-tool' | 'reject';
  /**
   * When the task is created: `'immediately'`, or `'after-input'` for a tool that first requests input, which it does within the
   * call (section "Task Creation": SHOULD be resolved synchronously).
   * @default 'immediately'
   */
  start?: 'immediately' | 'after-input';
  /** Maximum number of starts if the execution environment of the tool ends; 1 for work that must not run twice. @default 3 */
  attempts?: number;
}

export interface DynamoTasksOptions {
  /** The tools whose calls become tasks, by name. */
  tools: Readonly<Record<string, LongTool>>;
  /** Time for which a task is stored after its creation, in seconds, 60 or more. @default 86400 */
  ttlSeconds?: number;
  /** Interval at which clients should call `tasks/get`, in milliseconds, 1 or more. @default 2000 */
  pollIntervalMs?: number;
  /** Time for which a call waits for its task with fallback `'poll-tool'`, in milliseconds, 1 or more. @default 20000 */
  waitMs?: number;
  /** Time without a heartbeat after which another worker starts the task again, in milliseconds, 300 or more. @default 30000 */
  leaseMs?: number;
}

export const DEFAULT_ATTEMPTS = 3;
const DEFAULTS = { ttlSeconds: 86_400, pollIntervalMs: 2_000, waitMs: 20_000, leaseMs: 30_000 };
const MINIMUMS = { ttlSeconds: 60, pollIntervalMs: 1, waitMs: 1, leaseMs: 300 };

/** Returns the options with their defaults. Throws a TypeError if one is out of range. */
export function completeOptions(options: DynamoTasksOptions): Required<DynamoTasksOptions> {
  const complete = { ...DEFAULTS, ...options };
  for (const name of ['ttlSeconds', 'pollIntervalMs', 'waitMs', 'leaseMs'] as const)
    requireAtLeast(name, complete[name], MINIMUMS[name]);
  for (const [name, { attempts = DEFAULT_ATTEMPTS }] of Object.entries(options.tools))
    requireAtLeast(`tools.${name}.attempts`, attempts, 1);
  return complete;
}

function requireAtLeast(name: string, value: number, minimum: number): void {
  if (!(Number.isInteger(value) && value >= minimum))
    throw new TypeError(`dynamoTasks option ${name} must be an integer of at least ${minimum}, not ${value}`);
}
