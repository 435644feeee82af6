/**
 * The execution environments of the function. They are started on demand, up to a maximum number in total and at a time. The most
 * recently used one is used first; idle ones end after `idleTimeout`. If none is free, invocations wait in a queue (first in, first
 * out).
 *
 * With tenant isolation an environment belongs to the tenant of its first invocation and serves only this tenant. If the maximum is
 * reached, an idle one of another tenant ends; on Lambda both would continue.
 * https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html
 */
import { Environment, type FunctionSpec, InitError, type Invoked, type Report } from './environment.ts';
import { functionError } from './function-error.ts';
import type { Invocation, RuntimeResponse } from './runtime-api.ts';

export interface PoolOptions {
  function: FunctionSpec;
  /** Maximum number of invocations, including those that wait; further ones are throttled. */
  concurrency: number;
  /** Maximum number of environments. */
  environments: number;
  /** Maximum number of environments in init at the same time. */
  startsAtOnce: number;
  /** Seconds without an invocation after which an environment ends. */
  idleTimeout: number;
  /** Called once, when invocations wait because the maximum number of environments is reached. */
  onFull(): void;
}

/**
 * A caller sees the end of a response before the runtime requests the next invocation. If it calls again immediately, waiting for
 * this time, in milliseconds, avoids a cold start.
 */
const FINISHING_MS = 200;

interface Idle {
  environment: Environment;
  reaper: NodeJS.Timeout;
}

/** The result of waiting: an environment and the timeout in seconds, or the error of init. */
type Slot = { environment: Environment; timeout: number } | { failed: Invoked };
type Waiting = PromiseWithResolvers<Slot> & { requestId: string; tenant: Tenant };
/** Undefined without tenant isolation. */
type Tenant = string | undefined;

export class Pool {
  readonly #options: PoolOptions;
  /** In the order of use: the last element is the most recently used. */
  readonly #idle: Idle[] = [];
  readonly #all = new Set<Environment>();
  readonly #waiting: Waiting[] = [];
  /** Number of accepted invocations whose response is not complete. */
  #underWay = 0;
  /** Number of environments in init. */
  #starting = 0;
  /** Environments that have just completed a response and have not yet requested the next invocation. */
  readonly #finishing = new Set<Environment>();
  /** The tenant of each environment that has had an invocation. */
  readonly #tenants = new WeakMap<Environment, Tenant>();
  /** Environments with an older version of the function, which end when they are free. */
  readonly #outdated = new WeakSet<Environment>();
  #lastInitFailed = false;
  #saidFull = false;
  /** Whether a new version of the function is being built: invocations wait for it. */
  #held = false;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Number of environments in any state. */
  get size(): number {
    return this.#all.size;
  }

  /** Returns the environment with this id, while it exists. */
  find(id: number): Environment | undefined {
    return [...this.#all].find(environment => environment.id === id);
  }

  /** Starts one environment before the first invocation. Rejects with {@link InitError}. */
  warmUp(): Promise<void> {
    return this.#start();
  }

  /**
   * Runs one invocation. Returns `'throttled'` if the concurrency is reached. `onStart` is called when the function gets the
   * invocation. Never rejects: errors are in the response.
   */
  async invoke(invocation: Invocation, onStart: () => void): Promise<Invoked | 'throttled'> {
    if (this.#closed || this.#underWay >= this.#options.concurrency) return 'throttled';
    this.#underWay += 1;
    const slot = await this.#restored(await this.#slot(invocation));
    onStart();
    const invoked =
      'failed' in slot ? slot.failed : await this.#invokeIn(slot.environment, invocation, slot.timeout);
    void responseComplete(invoked.response).then(() => {
      this.#underWay -= 1;
    });
    return invoked;
  }

  /** Makes new invocations wait until {@link replace} or {@link release}; running ones continue. */
  hold(): void {
    this.#held = true;
  }

  /** Runs the invocations that wait, with the same version of the function. */
  release(): void {
    this.#held = false;
    this.#serveWaiting();
  }

  /**
   * Uses new environments for all further invocations, as after a deployment. Running invocations continue in the old ones. Starts
   * one new environment; rejects with {@link InitError}.
   */
  replace(): Promise<void> {
    for (const environment of this.#all) this.#outdated.add(environment);
    for (const { environment, reaper } of this.#idle.splice(0)) {
      clearTimeout(reaper);
      environment.kill();
    }
    this.#lastInitFailed = false;
    this.#held = false;
    return this.#start();
  }

  /** Ends all environments immediately; invocations that wait for one fail. */
  kill(): void {
    this.#closed = true;
    for (const { reaper } of this.#idle.splice(0)) clearTimeout(reaper);
    for (const environment of this.#all) environment.kill();
    const ended = failed(
      new InitError(functionError('Sandbox.Failure', 'The local Lambda is ending.'), ''),
      0,
    );
    for (const waiting of this.#waiting.splice(0)) waiting.resolve(ended);
  }

  /** Ends all environments and resolves when their processes have exited. */
  async close(): Promise<void> {
    this.kill();
    await Promise.all([...this.#all].map(environment => environment.exited));
  }

  #slot({ id: requestId, tenantId: tenant }: Invocation): Promise<Slot> {
    const waiting: Waiting = { ...Promise.withResolvers<Slot>(), requestId, tenant };
    this.#waiting.push(waiting);
    this.#serveWaiting();
    return waiting.promise;
  }

  /** Assigns free environments to waiting invocations, and starts environments if necessary. Called after every change of state. */
  #serveWaiting(): void {
    if (this.#held) return;
    for (const waiting of [...this.#waiting]) {
      const environment = this.#takeIdle(waiting.tenant);
      if (!environment) continue;
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      this.#assign(waiting, environment, this.#options.function.timeout);
    }
    const { environments, startsAtOnce, onFull } = this.#options;
    for (let lacking = this.#lacking(); lacking > 0; lacking -= 1) {
      if (this.#closed || this.#starting >= startsAtOnce) return;
      if (this.#all.size >= environments && !this.#endIdle()) {
        if (!this.#saidFull) onFull();
        this.#saidFull = true;
        return;
      }
      void this.#start().catch(isInitError); // The waiting invocations get the error.
    }
  }

  /** With SnapStart: restores the environment if it is a snapshot. */
  async #restored(slot: Slot): Promise<Slot> {
    if ('failed' in slot || !slot.environment.isSnapshot) return slot;
    const started = performance.now();
    try {
      await slot.environment.restore();
      return slot;
    } catch (error) {
      if (!(error instanceof InitError)) throw error;
      return failed(error, performance.now() - started);
    }
  }

  /** Returns how many more environments the waiting invocations need, without those that are about to be free. */
  #lacking(): number {
    const free = new Map<Tenant, number>();
    for (const environment of this.#finishing) {
      const tenant = this.#tenants.get(environment);
      free.set(tenant, (free.get(tenant) ?? 0) + 1);
    }
    const unserved = this.#waiting.filter(({ tenant }) => {
      const left = free.get(tenant) ?? 0;
      free.set(tenant, left - 1);
      return left <= 0;
    });
    return unserved.length - this.#starting;
  }

  /**
   * Ends the environment that has been idle for the longest time, which belongs to another tenant. Returns whether there was one.
   */
  #endIdle(): boolean {
    const [idle] = this.#idle.splice(0, 1);
    if (!idle) return false;
    clearTimeout(idle.reaper);
    idle.environment.kill();
    this.#all.delete(idle.environment);
    return true;
  }

  #assign(waiting: Waiting, environment: Environment, timeout: number): void {
    this.#tenants.set(environment, waiting.tenant);
    waiting.resolve({ environment, timeout });
  }

  async #invokeIn(environment: Environment, invocation: Invocation, timeout: number): Promise<Invoked> {
    const { response, report } = await environment.invoke(invocation, timeout);
    const finished = this.#finishingOnce(environment);
    const released = report.finally(() => {
      finished.over();
      this.#giveBack(environment);
    });
    void responseComplete(response).then(finished.begins);
    return { response, report: released };
  }

  /** Counts an environment as about to be free, for at most FINISHING_MS after its response. */
  #finishingOnce(environment: Environment): { begins: () => void; over: () => void } {
    let state: 'before' | 'counted' | 'over' = 'before';
    let timer: NodeJS.Timeout | undefined;
    const over = (): void => {
      clearTimeout(timer);
      if (state === 'counted') this.#finishing.delete(environment);
      state = 'over';
    };
    const begins = (): void => {
      if (state !== 'before') return;
      state = 'counted';
      this.#finishing.add(environment);
      timer = setTimeout(() => {
        over();
        this.#serveWaiting();
      }, FINISHING_MS);
    };
    return { begins, over };
  }

  /**
   * Starts an environment for the first invocation in the queue. If its init fails or times out, the init runs again within the
   * invocation that has waited longest, and counts as part of its duration, as on Lambda; so do all further inits until one succeeds.
   * Rejects with {@link InitError} if the init outside of an invocation fails.
   */
  async #start(): Promise<void> {
    this.#starting += 1;
    try {
      const expecting = this.#lastInitFailed && this.#waiting.shift();
      if (expecting) return await this.#startWithin(expecting);
      await this.#initialised(this.#options.function.initTimeout).then(
        environment => this.#giveBack(environment),
        async error => {
          const first = this.#waiting.shift();
          if (first) await this.#startWithin(first);
          throw error;
        },
      );
    } finally {
      this.#starting -= 1;
      this.#serveWaiting();
    }
  }

  async #startWithin(waiting: Waiting): Promise<void> {
    const { timeout } = this.#options.function;
    const started = performance.now();
    try {
      const environment = await this.#initialised(timeout, waiting.requestId);
      this.#assign(waiting, environment, timeout - (performance.now() - started) / 1000);
    } catch (error) {
      waiting.resolve(failed(error as InitError, performance.now() - started));
    }
  }

  async #initialised(limitSeconds: number, requestId?: string): Promise<Environment> {
    const environment = new Environment(this.#options.function);
    this.#all.add(environment);
    void environment.exited.then(() => this.#forget(environment));
    try {
      await environment.init(limitSeconds, requestId);
      this.#lastInitFailed = false;
      return environment;
    } catch (error) {
      this.#lastInitFailed = true;
      this.#all.delete(environment);
      throw error;
    }
  }

  /**
   * With SnapStart: initializes a process for the next restore when `environment`, which was restored, is free. On Lambda all
   * environments are restored from one snapshot; processes cannot be copied.
   */
  #takeSnapshot(environment: Environment): void {
    const { function: spec, environments } = this.#options;
    if (!spec.snapStart || environment.isSnapshot || this.#starting > 0 || this.#all.size >= environments)
      return;
    if (!this.#idle.some(idle => idle.environment.isSnapshot)) void this.#start().catch(isInitError);
  }

  #forget(environment: Environment): void {
    this.#all.delete(environment);
    const at = this.#idle.findIndex(idle => idle.environment === environment);
    for (const { reaper } of at < 0 ? [] : this.#idle.splice(at, 1)) clearTimeout(reaper);
    this.#serveWaiting();
  }

  /** Returns an idle environment of the tenant; else one that has had no invocation. */
  #takeIdle(tenant: Tenant): Environment | undefined {
    const last = (usable: (environment: Environment) => boolean): number =>
      this.#idle.findLastIndex(({ environment }) => environment.alive && usable(environment));
    const own = last(each => this.#tenants.has(each) && this.#tenants.get(each) === tenant);
    const at = own < 0 ? last(each => !this.#tenants.has(each)) : own;
    const [idle] = at < 0 ? [] : this.#idle.splice(at, 1);
    clearTimeout(idle?.reaper);
    return idle?.environment;
  }

  #giveBack(environment: Environment): void {
    if (this.#closed || this.#outdated.has(environment)) environment.kill();
    if (!environment.alive) {
      this.#all.delete(environment);
    } else {
      this.#takeSnapshot(environment);
      const end = (): void => {
        if (!environment.isSnapshot) environment.kill(); // A snapshot lasts as long as its version.
      };
      const reaper = setTimeout(end, this.#options.idleTimeout * 1000);
      reaper.unref();
      // The last element is used first, so snapshots come before all restored environments.
      if (environment.isSnapshot) this.#idle.unshift({ environment, reaper });
      else this.#idle.push({ environment, reaper });
    }
    this.#serveWaiting();
  }
}

/** Resolves when the response is complete, even if the invocation continues. */
async function responseComplete(response: RuntimeResponse): Promise<void> {
  if (response.kind === 'streamed') await response.ended;
}

function isInitError(error: unknown): void {
  if (!(error instanceof InitError)) throw error;
}

function failed({ error, failure }: InitError, duration: number): { failed: Invoked } {
  const report: Report = { duration, error, failure, logTail: '' };
  return { failed: { response: { kind: 'error', error }, report: Promise.resolve(report) } };
}
