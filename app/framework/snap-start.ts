/**
 * SnapStart: hooks around the snapshot of an initialized environment, and the state that lambda/snap-start.ts shares with the other
 * folders. Without SnapStart there is no state, and hooks are ignored.
 */

/** A hook that throws or rejects ends the environment. */
export type SnapStartHook = () => void | Promise<void>;

/** Credentials of the function's role. */
export interface RoleCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
}

export interface SnapStartState {
  /** In the order in which they were added. */
  readonly beforeSnapshot: SnapStartHook[];
  readonly afterRestore: SnapStartHook[];
  /** With SnapStart, Lambda has no credentials in environment variables. Undefined until they are read. */
  credentials: RoleCredentials | undefined;
}

/** In the global object, because each file of the build has its own copy of this module. */
const KEY = Symbol.for('mcp-on-lambda.snap-start');
const holder = globalThis as { [KEY]?: SnapStartState };

/** Returns the state; undefined without SnapStart. */
export function snapStartState(): SnapStartState | undefined {
  return holder[KEY];
}

/** Enables SnapStart in this process. Called before the app is loaded. */
export function enableSnapStart(): SnapStartState {
  holder[KEY] = { beforeSnapshot: [], afterRestore: [], credentials: undefined };
  return holder[KEY];
}

/**
 * Runs `hook` when init is complete, before Lambda takes the snapshot: for what must not be in it, such as open connections.
 * Call it when a module is loaded. Hooks run one after the other, the last one first. If one fails, publishing the version fails.
 * Does nothing without SnapStart (`snap_start` in terraform/).
 */
export function onSnapshot(hook: SnapStartHook): void {
  snapStartState()?.beforeSnapshot.push(hook);
}

/**
 * Runs `hook` in each environment that is restored from the snapshot, before its first invocation: for what each environment
 * needs for itself, such as connections and unique ids. Call it when a module is loaded. Hooks run one after the other, the
 * first one first, all together in at most 10 seconds. If one fails, the invocation fails and the environment ends. Does nothing
 * without SnapStart.
 */
export function onRestore(hook: SnapStartHook): void {
  snapStartState()?.afterRestore.push(hook);
}
