/**
 * The execution environments of the function: grown on demand up to the concurrency limit, the most recently used one
 * first, idle ones ended after a while, dead ones forgotten.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Environment, type FunctionSpec, InitError, type Invoked, type Report } from './environment.ts';
import type { Answer, Invocation } from './runtime-api.ts';

export interface PoolOptions {
  function: FunctionSpec;
  /** Most environments at once (reserved concurrency). */
  concurrency: number;
  /** After how many seconds without an invocation an environment ends. */
  idleTimeout: number;
}

const FINISHING_MS = 200;
const FINISHING_AT_LIMIT_MS = 2_000;

interface Idle {
  environment: Environment;
  reaper: NodeJS.Timeout;
}

export class Pool {
  readonly #options: PoolOptions;
  /** The last one was used last. */
  readonly #idle: Idle[] = [];
  readonly #all = new Set<Environment>();
  /** Invocations that have answered but are not over: their environments are free in a moment. */
  readonly #finishing = new Set<Promise<Report>>();
  #closed = false;
  #warmingUp: Promise<void> | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Environments that exist, whatever they are doing. */
  get size(): number {
    return this.#all.size;
  }

  /** Makes one environment ready before anybody asks. Rejects with {@link InitError}. */
  warmUp(): Promise<void> {
    const environment = this.#create();
    const initialised = environment.init().then(
      () => this.#release(environment),
      error => this.#discard(environment, error),
    );
    this.#warmingUp = initialised.catch(() => undefined); // Whoever called is told; others start their own.
    return initialised;
  }

  /**
   * Runs one invocation, or gives `'throttled'` when all environments are busy and no more are allowed. `onStart` is
   * called when the function gets it.
   */
  async invoke(invocation: Invocation, onStart: () => void): Promise<Invoked | 'throttled'> {
    await this.#warmingUp;
    let environment = this.#takeIdle() ?? (await this.#takeFinishing());
    let timeout = this.#options.function.timeout;
    if (!environment) {
      if (this.#all.size >= this.#options.concurrency) return 'throttled';
      const started = await this.#startFor(timeout);
      if (!(started.environment instanceof Environment)) {
        onStart();
        return started.environment;
      }
      environment = started.environment;
      timeout = started.timeLeft;
    }
    onStart();
    const { answer, report } = await environment.invoke(invocation, timeout);
    const used = environment;
    const released = report.finally(() => this.#release(used));
    void answered(answer).then(() => this.#finishing.add(released));
    void released.then(() => this.#finishing.delete(released));
    return { answer, report: released };
  }

  /** Ends all environments at once, and settles when they are gone. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { reaper } of this.#idle.splice(0)) clearTimeout(reaper);
    for (const environment of this.#all) environment.kill();
    await Promise.all([...this.#all].map(environment => environment.exited));
  }

  /**
   * A fresh environment. When its init fails or takes too long it is done once more, now within the invocation and at
   * its expense, as on Lambda.
   */
  async #startFor(timeout: number): Promise<{ environment: Environment | Invoked; timeLeft: number }> {
    const first = this.#create();
    try {
      await first.init();
      return { environment: first, timeLeft: timeout };
    } catch (error) {
      this.#all.delete(first);
      if (!(error instanceof InitError)) throw error;
    }
    const again = this.#create();
    const started = Date.now();
    try {
      await again.init(timeout);
      return { environment: again, timeLeft: timeout - (Date.now() - started) / 1000 };
    } catch (error) {
      this.#all.delete(again);
      if (!(error instanceof InitError)) throw error;
      return { environment: failedInit(error, Date.now() - started), timeLeft: 0 };
    }
  }

  #create(): Environment {
    const environment = new Environment(this.#options.function);
    this.#all.add(environment);
    void environment.exited.then(() => {
      this.#all.delete(environment);
      const at = this.#idle.findIndex(idle => idle.environment === environment);
      for (const { reaper } of at < 0 ? [] : this.#idle.splice(at, 1)) clearTimeout(reaper);
    });
    return environment;
  }

  #discard(environment: Environment, error: unknown): never {
    this.#all.delete(environment);
    throw error;
  }

  #takeIdle(): Environment | undefined {
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      clearTimeout(idle.reaper);
      if (idle.environment.alive) return idle.environment;
    }
    return undefined;
  }

  /**
   * A caller sees the end of an answer before the runtime has asked for the next invocation. If it calls again at once,
   * a moment's patience saves a cold start.
   */
  async #takeFinishing(): Promise<Environment | undefined> {
    if (this.#finishing.size === 0) return undefined;
    // The other choice is a cold start, or at the limit a refusal, which a busy machine must not cause.
    const patience = this.#all.size < this.#options.concurrency ? FINISHING_MS : FINISHING_AT_LIMIT_MS;
    await Promise.race([...this.#finishing, sleep(patience, undefined, { ref: false })]);
    return this.#takeIdle();
  }

  #release(environment: Environment): void {
    if (!environment.alive) {
      this.#all.delete(environment);
      return;
    }
    if (this.#closed) {
      environment.kill();
      return;
    }
    const reaper = setTimeout(() => environment.kill(), this.#options.idleTimeout * 1000);
    reaper.unref();
    this.#idle.push({ environment, reaper });
  }
}

/** Settles when the answer is complete, whether or not the invocation is over. */
async function answered(answer: Answer): Promise<void> {
  if (answer.kind === 'streamed') await answer.ended;
}

function failedInit({ error }: InitError, duration: number): Invoked {
  const report: Report = { duration, error, logTail: '' };
  return { answer: { kind: 'error', error }, report: Promise.resolve(report) };
}
