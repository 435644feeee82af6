/**
 * The execution environments of the function: started on demand, a few at a time and up to a bound; the most recently used
 * one first; idle ones ended after a while, dead ones forgotten. Invocations that find none free wait, first come first
 * served, for whichever is free first.
 *
 * With tenant isolation an environment belongs to the tenant of its first invocation and serves no other. Where no more may be
 * started, an idle one of another tenant ends: Lambda has room for both.
 * https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html
 */
import { Environment, type FunctionSpec, InitError, type Invoked, type Report } from './environment.ts';
import { functionError } from './function-error.ts';
import type { Answer, Invocation } from './runtime-api.ts';

export interface PoolOptions {
  function: FunctionSpec;
  /** Most invocations at once, those that wait among them; the next one is throttled. */
  concurrency: number;
  /** Most environments at once. */
  environments: number;
  /** Most environments that are initialised at the same time. */
  startsAtOnce: number;
  /** After how many seconds without an invocation an environment ends. */
  idleTimeout: number;
  /** Told, once, when invocations wait because no more environments may be started. */
  onFull(): void;
}

/**
 * A caller sees the end of an answer before the runtime has asked for the next invocation. If it calls again at once, so
 * much patience, in milliseconds, saves a cold start.
 */
const FINISHING_MS = 200;

interface Idle {
  environment: Environment;
  reaper: NodeJS.Timeout;
}

/** What an invocation waits for: an environment and the seconds it has in it, or why there is none. */
type Slot = { environment: Environment; timeout: number } | { failed: Invoked };
type Waiting = PromiseWithResolvers<Slot> & { requestId: string; tenant: Tenant };
/** Undefined without tenant isolation. */
type Tenant = string | undefined;

export class Pool {
  readonly #options: PoolOptions;
  /** The last one was used last. */
  readonly #idle: Idle[] = [];
  readonly #all = new Set<Environment>();
  readonly #waiting: Waiting[] = [];
  /** Invocations that were taken on and have not been answered to the end. */
  #underWay = 0;
  /** Environments in their init. */
  #starting = 0;
  /** Environments that have answered a moment ago and have yet to ask for more. */
  readonly #finishing = new Set<Environment>();
  /** The tenant of each environment that has had an invocation. */
  readonly #tenants = new WeakMap<Environment, Tenant>();
  /** Environments with an older version of the function, to end when they are free. */
  readonly #outdated = new WeakSet<Environment>();
  #lastInitFailed = false;
  #saidFull = false;
  /** Whether a new version of the function is being built: invocations wait for it. */
  #held = false;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Environments that exist, whatever they are doing. */
  get size(): number {
    return this.#all.size;
  }

  /** The environment of that id, while it exists. */
  find(id: number): Environment | undefined {
    return [...this.#all].find(environment => environment.id === id);
  }

  /** Makes one environment ready before anybody asks. Rejects with {@link InitError}. */
  warmUp(): Promise<void> {
    return this.#start();
  }

  /**
   * Runs one invocation, or gives `'throttled'` when too many are under way. `onStart` is called when the function gets
   * it. Never rejects: what goes wrong is in the answer.
   */
  async invoke(invocation: Invocation, onStart: () => void): Promise<Invoked | 'throttled'> {
    if (this.#closed || this.#underWay >= this.#options.concurrency) return 'throttled';
    this.#underWay += 1;
    const slot = await this.#restored(await this.#slot(invocation));
    onStart();
    const invoked =
      'failed' in slot ? slot.failed : await this.#invokeIn(slot.environment, invocation, slot.timeout);
    void responseComplete(invoked.answer).then(() => {
      this.#underWay -= 1;
    });
    return invoked;
  }

  /** From here on invocations wait until {@link replace} or {@link release}; those that are running finish. */
  hold(): void {
    this.#held = true;
  }

  /** The function stays as it is: invocations that wait run. */
  release(): void {
    this.#held = false;
    this.#serveWaiting();
  }

  /**
   * The function is another one now, as after a deployment: no invocation that comes from here on gets an environment that
   * is there already. Those at work finish. Makes one of the new ones ready; rejects with {@link InitError}.
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

  /** Ends all environments at once, and rejects what waits for one. */
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

  /** The same, and settles when they are gone. */
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

  /** Called whenever something has changed that those who wait have waited for. */
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
      void this.#start().catch(isInitError); // Those who wait are told.
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

  /** How many environments those who wait need besides the ones that will be free in a moment. */
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

  /** Ends the environment that has been idle for the longest time, which is another tenant's. Returns whether there was one. */
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
    const { answer, report } = await environment.invoke(invocation, timeout);
    const finished = this.#finishingOnce(environment);
    const released = report.finally(() => {
      finished.over();
      this.#giveBack(environment);
    });
    void responseComplete(answer).then(finished.begins);
    return { answer, report: released };
  }

  /** Counts an environment among those that will be free in a moment, for as long as that may be called a moment. */
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

  /** One of the tenant; else one that has had no invocation. */
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
      // The last one is used first: a snapshot after all that are restored.
      if (environment.isSnapshot) this.#idle.unshift({ environment, reaper });
      else this.#idle.push({ environment, reaper });
    }
    this.#serveWaiting();
  }
}

/** Settles when the answer is complete, whether or not the invocation is over. */
async function responseComplete(answer: Answer): Promise<void> {
  if (answer.kind === 'streamed') await answer.ended;
}

function isInitError(error: unknown): void {
  if (!(error instanceof InitError)) throw error;
}

function failed({ error, failure }: InitError, duration: number): { failed: Invoked } {
  const report: Report = { duration, error, failure, logTail: '' };
  return { failed: { answer: { kind: 'error', error }, report: Promise.resolve(report) } };
}
