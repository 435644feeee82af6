/**
 * The function that endpoints invoke: passes an event to an environment, returns the response, and writes the log lines of Lambda.
 */
import { randomBytes } from 'node:crypto';
import { maxEnvironments, maxStarts } from './capacity.ts';
import type { Environment, FunctionSpec, Invoked, SnapStartEvents } from './environment.ts';
import type { Log } from './log.ts';
import { ACCOUNT, type Isolation } from './options.ts';
import { Pool } from './pool.ts';

export interface FunctionOptions {
  /** Part of the ARN, with region and account. */
  name: string;
  region: string;
  /** Reserved concurrency. Undefined: as many environments as the capacity of the machine allows; further calls wait. */
  concurrency: number | undefined;
  /** Maximum number of environments; undefined for the default. */
  environments: number | undefined;
  idleTimeout: number;
  /** @default 'shared' */
  isolation?: Isolation;
  spec: FunctionSpec;
}

/**
 * Default quota of concurrent invocations in an account. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const ACCOUNT_CONCURRENCY = 1_000;

const TENANT_ID = /^[\w.:/=+@ -]{1,256}$/;
const ISOLATED =
  'The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request and try again.';
const NOT_ISOLATED =
  'The invoked function is not enabled with tenancy configuration. Remove the tenant ID from your request and try again.';

export interface InvokeRequest {
  requestId: string;
  payload: string | Buffer;
  traceId: string;
  clientContext?: string | undefined;
  /** For a function with tenant isolation, and for no other. */
  tenantId?: string | undefined;
  /** Called when an environment starts the invocation, after the wait for the environment. */
  onStart?: (() => void) | undefined;
}

export class LocalFunction {
  readonly arn: string;
  /** Maximum number of environments. */
  readonly environments: number;
  readonly #pool: Pool;
  readonly #log: Log;
  readonly #memory: number;
  readonly #version: string | undefined;
  #published = false;
  readonly #isolation: Isolation;

  constructor(options: FunctionOptions, log: Log) {
    this.arn = `arn:aws:lambda:${options.region}:${ACCOUNT}:function:${options.name}`;
    const environments = options.environments ?? options.concurrency ?? maxEnvironments();
    this.environments = environments;
    this.#pool = new Pool({
      function: { ...options.spec, snapStart: this.#reportedOnce(options.spec.snapStart) },
      concurrency: options.concurrency ?? ACCOUNT_CONCURRENCY,
      environments,
      startsAtOnce: maxStarts(),
      idleTimeout: options.idleTimeout,
      onFull: () => log.note(full(environments)),
    });
    this.#log = log;
    this.#memory = options.spec.memory;
    this.#version = options.spec.env.AWS_LAMBDA_FUNCTION_VERSION;
    this.#isolation = options.isolation ?? 'shared';
  }

  warmUp(): Promise<void> {
    return this.#pool.warmUp();
  }

  /** See {@link Pool.find}. */
  environment(id: number): Environment | undefined {
    return this.#pool.find(id);
  }

  /** See {@link Pool.hold}. */
  hold(): void {
    this.#pool.hold();
  }

  /** See {@link Pool.release}. */
  release(): void {
    this.#pool.release();
  }

  /** See {@link Pool.replace}. */
  replace(): Promise<void> {
    this.#published = false;
    return this.#pool.replace();
  }

  /**
   * Returns why Lambda rejects an invocation with this tenant ID (InvalidParameterValueException, status 400); undefined if it
   * accepts it. https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html, parameter TenantId
   */
  tenantProblem(tenantId: string | undefined): string | undefined {
    if (this.#isolation === 'shared') return tenantId === undefined ? undefined : NOT_ISOLATED;
    return tenantId !== undefined && TENANT_ID.test(tenantId) ? undefined : ISOLATED;
  }

  /** Runs an invocation. Rejects if {@link tenantProblem} returns a problem. */
  async invoke({ onStart, requestId, ...request }: InvokeRequest): Promise<Invoked | 'throttled'> {
    const problem = this.tenantProblem(request.tenantId);
    if (problem) throw new Error(problem);
    const invocation = { ...request, id: requestId, functionArn: this.arn };
    const invoked = await this.#pool.invoke(invocation, () => {
      this.#log.start(requestId, this.#version);
      onStart?.();
    });
    if (invoked === 'throttled') return invoked;
    void invoked.report.then(report => this.#log.end(requestId, report, this.#memory));
    return invoked;
  }

  /** Returns events that report init of a version once, although each local environment runs its own init. */
  #reportedOnce(events: SnapStartEvents | undefined): SnapStartEvents | undefined {
    return (
      events && {
        ...events,
        published: duration => {
          if (!this.#published) events.published(duration);
          this.#published = true;
        },
      }
    );
  }

  /** Returns whether `name`, in any form of the Invoke API, is this function: a name or ARN, with or without a qualifier. */
  isNamed(name: string): boolean {
    const own = this.arn.split(':').at(-1);
    return name === this.arn || name.startsWith(`${this.arn}:`) || name.split(':')[0] === own;
  }

  /** Ends all processes of the function, without waiting for their exit. */
  kill(): void {
    this.#pool.kill();
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}

function full(environments: number): string {
  return (
    `All ${environments} environments are busy: further calls wait for one; Lambda would start more. ` +
    'LAMBDA_ENVIRONMENTS sets their maximum number (default: by the capacity of the machine). With LAMBDA_CONCURRENCY, ' +
    'as with reserved concurrency, calls beyond it get 429.'
  );
}

/** Returns a new X-Ray trace header, not sampled. https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html */
export function newTraceId(now = Date.now()): string {
  const seconds = Math.floor(now / 1000).toString(16);
  return `Root=1-${seconds}-${randomBytes(12).toString('hex')};Parent=${randomBytes(8).toString('hex')};Sampled=0`;
}
