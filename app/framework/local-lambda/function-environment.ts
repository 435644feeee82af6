/**
 * The environment variables of the function's process: what Lambda sets, and what the person set for the function.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
 */
import { type LocalLambdaOptions, SETTINGS } from './options.ts';

/** Settings of the local Lambda are not the function's, but these are variables that Lambda sets as well. */
const FOR_BOTH = new Set(['AWS_REGION', 'LAMBDA_TASK_ROOT']);

export function functionEnvironment(options: LocalLambdaOptions, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = new Set<string>(
    Object.values(SETTINGS)
      .map(setting => setting.env)
      .filter(name => !FOR_BOTH.has(name)),
  );
  const given = Object.fromEntries(Object.entries(env).filter(([name]) => !own.has(name)));
  const { functionName, region, memory, handler, taskRoot, snapStart } = options;
  const today = new Date().toISOString().slice(0, 10).replaceAll('-', '/');
  return {
    ...given,
    _HANDLER: handler,
    LAMBDA_TASK_ROOT: taskRoot ?? process.cwd(),
    LAMBDA_RUNTIME_DIR: '/var/runtime',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_LAMBDA_FUNCTION_NAME: functionName,
    // Only a published version has a snapshot.
    AWS_LAMBDA_FUNCTION_VERSION: snapStart ? '1' : '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memory),
    // With SnapStart, Lambda does not set the names of the log.
    AWS_LAMBDA_LOG_GROUP_NAME: snapStart ? undefined : `/aws/lambda/${functionName}`,
    AWS_LAMBDA_LOG_STREAM_NAME: snapStart ? undefined : `${today}/[$LATEST]local`,
    AWS_LAMBDA_INITIALIZATION_TYPE: snapStart ? 'snap-start' : 'on-demand',
    // What the person says comes last and counts.
    NODE_OPTIONS: [heapLimits(memory), given.NODE_OPTIONS].filter(Boolean).join(' '),
    TZ: given.TZ ?? ':UTC',
  };
}

/**
 * Node sizes its heap by the memory that it sees. On Lambda that is the function's, here it would be the machine's: it would
 * collect so rarely that a function which does with 128 MB there needs twice as much here, and is killed. So it gets the
 * limits, in MiB, that Node 24 has in a control group of so much memory; programs that it starts inherit them, as they would
 * see the same memory. Other runtimes do not read them.
 */
function heapLimits(memory: number): string {
  const old = Math.min(Math.max(Math.floor(memory / 2), 256), 2048);
  const semi = old > 256 ? 2 ** Math.ceil(Math.log2(old / 32)) : 1;
  return `--max-old-space-size=${old} --max-semi-space-size=${semi}`;
}
