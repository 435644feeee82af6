/** One process under the local Lambda's Runtime API: how long it takes to start and to respond, and what it uses. */
import { spawnSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { Environment, type SnapStartEvents } from '../../app/framework/local-lambda/environment.ts';
import { CpuLimit } from './cpu-limit.ts';
import { MB_PER_VCPU } from './prices.ts';
import { cpuMs, peakRssMb, pidsOf } from './usage.ts';

/** The process, and the call to it. */
export interface Subject {
  command: readonly [string, ...string[]];
  /** Folder of the handler's module. */
  taskRoot: string;
  handler: string;
  /** The event, in JSON. */
  payload: string;
  /** A part of the right response. */
  expected: string;
}

/** Of one process. Times in ms since its start, or for one call. */
export interface Run {
  /** Until it asks for an invocation. */
  init: number;
  /** Until the end of the first response. */
  first: number;
  /** CPU time until then. */
  firstCpu: number;
  /** Each call after it. */
  calls: number[];
  /** CPU time of one call after it. */
  cpu: number;
  /** Calls of a process that has responded for long, and the CPU time of one. Undefined where it is not measured. */
  settled: { calls: number[]; cpu: number } | undefined;
  rssMb: number;
}

/** Times of a restored process in ms. */
export interface Restore {
  /** Of init, until the process waits to be restored. */
  init: number;
  /** From the response to restore/next until the process asks for an invocation. */
  hooks: number;
  /** From the response to restore/next until the end of the first response. */
  first: number;
}

/** Variables that Lambda sets and the Runtime Interface Client requires. */
const LAMBDA = {
  AWS_REGION: 'us-east-1',
  AWS_LAMBDA_FUNCTION_NAME: 'bench',
  AWS_LAMBDA_FUNCTION_VERSION: '1',
  AWS_LAMBDA_LOG_GROUP_NAME: 'bench',
  AWS_LAMBDA_LOG_STREAM_NAME: 'bench',
};

export interface EnvironmentOptions {
  env?: Record<string, string>;
  /** @default a full vCPU's */
  memoryMb?: number;
  snapStart?: SnapStartEvents;
}

/** Processes are in separate process groups, which Ctrl-C does not reach. */
const running = new Set<Environment>();

/** Ends every process, and resolves when their temporary folders are gone. */
export async function endAll(): Promise<void> {
  for (const environment of running) environment.kill();
  await Promise.all([...running].map(({ exited }) => exited));
}

/** Returns an environment of `subject` that is not yet started. */
export function environmentOf(
  subject: Subject,
  { env = {}, memoryMb = MB_PER_VCPU, snapStart }: EnvironmentOptions = {},
): Environment {
  const environment = new Environment({
    command: subject.command,
    env: {
      PATH: process.env.PATH,
      MCP_AUTH: 'none',
      _HANDLER: subject.handler,
      LAMBDA_TASK_ROOT: subject.taskRoot,
      ...LAMBDA,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
      AWS_LAMBDA_INITIALIZATION_TYPE: snapStart ? 'snap-start' : 'on-demand',
      ...env,
    },
    timeout: 60,
    initTimeout: 30,
    memory: 4096,
    freeze: false,
    snapStart,
    output: () => undefined,
  });
  running.add(environment);
  void environment.exited.then(() => running.delete(environment));
  return environment;
}

/** A process with slower calls is not called until it has settled. */
const SLOW_MS = 50;
/** Calls of a settled process that are measured. */
const SETTLED_CALLS = 300;
/** Calls are made for at most this long, but a few in any case. */
const CALLS_MS = 3_000;
const MIN_CALLS = 3;

export interface Plan {
  memoryMb: number;
  /** After the first. */
  calls: number;
  /** Calls after which a process counts as settled. @default not measured */
  settled?: number;
}

/**
 * Returns the share of a vCPU that a function has; undefined if it has a full one or more.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
 */
export function shareOf(memoryMb: number): number | undefined {
  return memoryMb < MB_PER_VCPU ? memoryMb / MB_PER_VCPU : undefined;
}

/** Starts a process, with a full vCPU for init, and calls it. */
export async function measure(subject: Subject, { memoryMb, calls, settled }: Plan): Promise<Run> {
  using limit = limitOf(memoryMb);
  const environment = environmentOf(subject, { memoryMb });
  try {
    const started = performance.now();
    await environment.init();
    const init = performance.now() - started;
    const pid = environment.pid ?? Number.NaN;
    limit?.addAll(pidsOf(pid));
    const timed = async (count: number): Promise<{ calls: number[]; cpu: number }> => {
      const [times, cpuBefore, begun] = [[] as number[], cpuMs(pid), performance.now()];
      while (times.length < count && (times.length < MIN_CALLS || performance.now() - begun < CALLS_MS)) {
        const before = performance.now();
        await call(environment, subject);
        times.push(performance.now() - before);
      }
      return { calls: times, cpu: (cpuMs(pid) - cpuBefore) / times.length };
    };
    await call(environment, subject);
    const first = performance.now() - started;
    const firstCpu = cpuMs(pid);
    const early = await timed(calls);
    const fast = (early.calls.toSorted((a, b) => a - b)[early.calls.length >> 1] ?? 0) < SLOW_MS;
    if (settled && fast) await timed(Math.max(settled - calls, 0));
    return {
      init,
      first,
      firstCpu,
      ...early,
      settled: settled && fast ? await timed(SETTLED_CALLS) : undefined,
      rssMb: peakRssMb(pid),
    };
  } finally {
    environment.kill();
    await environment.exited;
  }
}

/**
 * Starts a process with SnapStart, restores it and calls it once. The share of a vCPU applies from the restore on; AWS documents
 * none for the restore phase.
 */
export async function measureRestore(subject: Subject, memoryMb: number): Promise<Restore> {
  using limit = limitOf(memoryMb);
  const snapStart = { published: () => undefined, restoring: () => undefined, restored: () => undefined };
  const environment = environmentOf(subject, { memoryMb, snapStart });
  try {
    const started = performance.now();
    await environment.init();
    const init = performance.now() - started;
    limit?.addAll(pidsOf(environment.pid ?? Number.NaN));
    const restored = performance.now();
    await environment.restore();
    const hooks = performance.now() - restored;
    await call(environment, subject);
    return { init, hooks, first: performance.now() - restored };
  } finally {
    environment.kill();
    await environment.exited;
  }
}

function limitOf(memoryMb: number): CpuLimit | undefined {
  const share = shareOf(memoryMb);
  return share === undefined ? undefined : new CpuLimit(share);
}

/** Makes one call. Rejects if the response is not the expected one. */
export async function call(environment: Environment, { payload, expected }: Subject): Promise<void> {
  const invocation = {
    id: crypto.randomUUID(),
    payload,
    functionArn: 'arn:aws:lambda:us-east-1:123456789012:function:bench',
    traceId: 'Root=1',
  };
  const { response, report } = await environment.invoke(invocation);
  let text = response.kind === 'buffered' ? response.body.toString() : '';
  if (response.kind === 'streamed') for await (const chunk of response.body) text += chunk;
  await report;
  if (!text.includes(expected)) throw new Error(`The response has no "${expected}": ${text.slice(0, 300)}`);
}

/** Returns the time that Node takes to run nothing, in ms. */
export function nodeAlone(): number {
  const started = performance.now();
  spawnSync(process.execPath, ['-e', '0']);
  return performance.now() - started;
}
