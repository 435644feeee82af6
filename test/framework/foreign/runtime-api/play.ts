/** Runs a scenario on a target, and returns its results. */
import { join } from 'node:path';
import { ROOT } from '../../../helpers/local-lambda.ts';
import type { Scenario, Seen } from './scenarios.ts';
import { FUNCTION_ARN, type FunctionSpec, type Target } from './target.ts';

const LONG_MS = 20_000;

/** Runs a scenario. `client` is the path of the runtime client, for scenarios with a handler. */
export async function play(scenario: Scenario, target: Target, client: string): Promise<Seen> {
  const spec = specOf(scenario, client);
  const running = await target.start(spec);
  try {
    const init = await running.init;
    const invocations = [];
    for (const call of scenario.calls) invocations.push(await running.invoke(call));
    const steps = 'steps' in scenario.function;
    return { init, invocations, ...(steps && { responses: responses(running.output()) }) };
  } finally {
    await running.close();
  }
}

function specOf(scenario: Scenario, client: string): FunctionSpec {
  const { timeoutMs = LONG_MS, initTimeoutMs = LONG_MS } = scenario;
  const limits = { timeoutMs, initTimeoutMs };
  if ('command' in scenario.function) return { command: scenario.function.command, env: PLATFORM, ...limits };
  if ('steps' in scenario.function) {
    const command = [process.execPath, join(import.meta.dirname, 'scripted-runtime.mjs')] as const;
    return { command, env: { ...PLATFORM, STEPS: JSON.stringify(scenario.function.steps) }, ...limits };
  }
  const { handler, env } = scenario.function;
  const fixture = { _HANDLER: `functions.${handler}`, LAMBDA_TASK_ROOT: join(ROOT, 'test/fixtures') };
  return { command: [process.execPath, client], env: { ...PLATFORM, ...fixture, ...env }, ...limits };
}

const PLATFORM = {
  AWS_LAMBDA_FUNCTION_NAME: FUNCTION_ARN.split(':').at(-1) ?? '',
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1024',
  AWS_LAMBDA_LOG_GROUP_NAME: 'group',
  AWS_LAMBDA_LOG_STREAM_NAME: 'stream',
};

/** Returns the responses of the Runtime API to the scripted runtime, without headers that HTTP libraries add or that differ each time. */
function responses(output: string): unknown[] {
  return output
    .split('\n')
    .filter(line => line.startsWith('SEEN '))
    .map(line => {
      const { headers = {}, ...seen } = JSON.parse(line.slice(5)) as { headers?: Record<string, string> };
      const kept = Object.entries(headers).filter(([name]) => !OMITTED.has(name));
      const named = kept.map(([name, value]) => [name, VARIABLE.has(name) ? 'set' : value]);
      const { body } = seen as { body?: string };
      return {
        ...seen,
        ...(body !== undefined && { body: body.trim() }),
        headers: Object.fromEntries(named),
      };
    });
}

const OMITTED = new Set([
  'date',
  'connection',
  'content-length',
  'transfer-encoding',
  'keep-alive',
  'x-content-type-options',
]);
const VARIABLE = new Set(['lambda-runtime-aws-request-id', 'lambda-runtime-deadline-ms']);
