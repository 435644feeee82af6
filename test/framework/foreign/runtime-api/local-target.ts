/** The local Lambda: its function, pool, environments, Runtime API and log, without an endpoint. */
import { randomUUID } from 'node:crypto';
import type { Invoked } from '../../../../app/framework/local-lambda/environment.ts';
import { LocalFunction } from '../../../../app/framework/local-lambda/local-function.ts';
import { createLog } from '../../../../app/framework/local-lambda/log.ts';
import { comparable, FUNCTION_ARN, type Outcome, type Target } from './target.ts';

export const localLambda: Target = {
  name: 'the local Lambda',
  async start({ command, env, timeoutMs, initTimeoutMs }) {
    let output = '';
    const events: { type: string; record: Record<string, unknown> }[] = [];
    const log = createLog('json', line => events.push(JSON.parse(String(line))), false);
    const [, , , region, account, , name] = FUNCTION_ARN.split(':');
    const fn = new LocalFunction(
      {
        name: String(name),
        region: String(region),
        concurrency: undefined,
        environments: 1,
        idleTimeout: 600,
        spec: {
          command,
          env: { PATH: process.env.PATH, ...env },
          timeout: timeoutMs / 1000,
          initTimeout: initTimeoutMs / 1000,
          memory: 1024,
          freeze: true,
          output: chunk => (output += chunk),
        },
      },
      log,
    );
    if (!fn.arn.includes(String(account))) throw new Error(`The local Lambda has another account: ${fn.arn}`);
    const init = fn.warmUp().then(
      () => 'success' as const,
      () => 'failure' as const,
    );
    return {
      init,
      async invoke(call) {
        const requestId = randomUUID();
        const invoked = await fn.invoke({ traceId: '', ...call, requestId });
        if (invoked === 'throttled') throw new Error('The local Lambda throttles.');
        const outcome = await read(invoked);
        const { record } = await logged(requestId);
        const { status, errorType } = record as { status: string; errorType?: string };
        return {
          ...outcome,
          body: comparable(outcome.body, requestId),
          logged: { status, ...(errorType && { errorType }) },
        };
      },
      output: () => output,
      close: () => fn.close(),
    };

    /** Returns the report of an invocation, which is logged directly after its end. */
    async function logged(requestId: string): Promise<(typeof events)[number]> {
      for (;;) {
        const report = events.find(
          ({ type, record }) => type === 'platform.report' && record.requestId === requestId,
        );
        if (report) return report;
        await new Promise(resolve => setImmediate(resolve));
      }
    }
  },
};

async function read({ response, report }: Invoked): Promise<Omit<Outcome, 'logged'>> {
  if (response.kind === 'error') {
    await report;
    return { error: response.error.type, body: response.error.body };
  }
  const chunks: Buffer[] = [];
  if (response.kind === 'buffered') chunks.push(response.body);
  else for await (const chunk of response.body) chunks.push(chunk);
  const error = response.kind === 'streamed' ? await response.ended : undefined;
  await report;
  return {
    ...(error && { error: error.type }),
    contentType: response.contentType,
    body: Buffer.concat(chunks).toString(),
  };
}
