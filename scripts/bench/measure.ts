/** One process under the local Lambda's Runtime API: how long it takes to start and to answer, and what it uses. */
import { spawnSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { Environment } from '../../app/framework/local-lambda/environment.ts';
import { CpuLimit } from './cpu-limit.ts';
import { cpuMs, peakRssMb, pidsOf } from './usage.ts';

/** What is started, and what it is asked. */
export interface Subject {
  command: readonly [string, ...string[]];
  /** Folder of the handler's module, and its name in it. */
  taskRoot: string;
  handler: string;
  /** The event, in JSON. */
  payload: string;
  /** What the answer contains. */
  expected: string;
}

/** Of one process. Times in ms since its start, or for one call. */
export interface Run {
  /** Until it asks for an invocation. */
  init: number;
  /** Until the end of the first answer. */
  first: number;
  /** Processor time until then. */
  firstCpu: number;
  /** Each call after it. */
  calls: number[];
  /** Processor time of one call after it. */
  cpu: number;
  /** When it has answered for long: each call, and processor time of one. Undefined where that was not waited for. */
  settled: { calls: number[]; cpu: number } | undefined;
  rssMb: number;
}

/** What Lambda sets and the Runtime Interface Client insists on. */
const LAMBDA = {
  AWS_REGION: 'us-east-1',
  AWS_LAMBDA_FUNCTION_NAME: 'bench',
  AWS_LAMBDA_FUNCTION_VERSION: '1',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
  AWS_LAMBDA_LOG_GROUP_NAME: 'bench',
  AWS_LAMBDA_LOG_STREAM_NAME: 'bench',
};

/** A process of `subject`, not yet started; with `env` besides what Lambda sets. */
export function environmentOf(subject: Subject, env: Record<string, string> = {}): Environment {
  return new Environment({
    command: subject.command,
    env: {
      PATH: process.env.PATH,
      MCP_AUTH: 'none',
      _HANDLER: subject.handler,
      LAMBDA_TASK_ROOT: subject.taskRoot,
      ...LAMBDA,
      ...env,
    },
    timeout: 60,
    initTimeout: 30,
    memory: 4096,
    freeze: false,
    output: () => undefined,
  });
}

/** A row whose calls take as long as this is not called until it has settled. */
const SLOW_MS = 50;
/** Of the calls of a settled environment, that are measured. */
const SETTLED_CALLS = 300;

export interface Plan {
  /** After the first. */
  calls: number;
  /** How many calls an environment has answered when it has settled. @default it is not waited for */
  settled?: number;
  /** Of a processor, once the init is over, as on Lambda, where the init has a whole one. @default all of it */
  share?: number;
}

export async function measure(subject: Subject, { calls, settled, share }: Plan): Promise<Run> {
  using limit = share === undefined ? undefined : new CpuLimit(share);
  const environment = environmentOf(subject);
  const started = performance.now();
  await environment.init();
  const init = performance.now() - started;
  const pid = environment.pid ?? Number.NaN;
  for (const each of limit ? pidsOf(pid) : []) limit?.add(each);
  const timed = async (count: number): Promise<{ calls: number[]; cpu: number }> => {
    const [times, cpuBefore] = [[] as number[], cpuMs(pid)];
    for (let i = 0; i < count; i += 1) {
      const before = performance.now();
      await call(environment, subject);
      times.push(performance.now() - before);
    }
    return { calls: times, cpu: (cpuMs(pid) - cpuBefore) / count };
  };
  try {
    await call(environment, subject);
    const first = performance.now() - started;
    const firstCpu = cpuMs(pid);
    const early = await timed(calls);
    const fast = (early.calls.toSorted((a, b) => a - b)[calls >> 1] ?? 0) < SLOW_MS;
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

/** Makes one call and checks its answer. */
export async function call(environment: Environment, { payload, expected }: Subject): Promise<void> {
  const invocation = {
    id: crypto.randomUUID(),
    payload,
    functionArn: 'arn:aws:lambda:us-east-1:123456789012:function:bench',
    traceId: 'Root=1',
  };
  const { answer, report } = await environment.invoke(invocation);
  let text = answer.kind === 'buffered' ? answer.body.toString() : '';
  if (answer.kind === 'streamed') for await (const chunk of answer.body) text += chunk;
  await report;
  if (!text.includes(expected)) throw new Error(`The answer is not what it must be: ${text.slice(0, 300)}`);
}

/** Starts Node for nothing, in ms. */
export function nodeAlone(): number {
  const started = performance.now();
  spawnSync(process.execPath, ['-e', '0']);
  return performance.now() - started;
}
