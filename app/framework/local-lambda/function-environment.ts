/**
 * The environment variables of the function's process: those that Lambda sets, and those that the user sets for the function.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
 */
import { type LocalLambdaOptions, SETTINGS } from './options.ts';

/** Settings of the local Lambda are not passed to the function, except these, which Lambda sets too. */
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
    // The last value of an option wins, so the user's options come last.
    NODE_OPTIONS: [heapLimits(memory), given.NODE_OPTIONS].filter(Boolean).join(' '),
    TZ: given.TZ ?? ':UTC',
  };
}

/**
 * Returns the heap limits, in MiB, that Node 24 sets in a control group of this memory size. Without them Node would size its heap by
 * the memory of the machine and collect garbage so rarely that a function that needs 128 MB on Lambda would need twice as much here
 * and be killed. Programs that the function starts inherit the limits. Other runtimes do not read them.
 */
function heapLimits(memory: number): string {
  const old = Math.min(Math.max(Math.floor(memory / 2), 256), 2048);
  const semi = old > 256 ? 2 ** Math.ceil(Math.log2(old / 32)) : 1;
  return `--max-old-space-size=${old} --max-semi-space-size=${semi}`;
}
