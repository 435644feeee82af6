/** Runs AWS's runtime core as Lambda's worker does: with a reset after a failure and at the timeout. */
import type { AwsRuntimeCore } from '../aws-runtime-core/build.ts';
import { type CoreResult, startControlPlane } from '../aws-runtime-core/control-plane.ts';
import { comparable, FUNCTION_ARN, type RunningFunction, type Target } from './target.ts';

export function awsRuntimeCore(core: AwsRuntimeCore): Target {
  return {
    name: 'AWS’s runtime core',
    async start({ command, env, timeoutMs, initTimeoutMs }) {
      const plane = await startControlPlane(core, { command, env, timeoutMs });
      const init = within(initTimeoutMs, plane.initialized).then(async succeeded => {
        if (succeeded) return 'success';
        await plane.reset(succeeded === undefined ? 'timeout' : 'failure');
        return 'failure';
      });
      const running: RunningFunction = {
        init,
        async invoke(call) {
          const { payload, streaming, traceId, clientContext, byEmulator } = call;
          const started = await plane.invoke({
            payload,
            functionArn: FUNCTION_ARN,
            ...(streaming && { streaming }),
            ...(traceId && { traceId }),
            ...(clientContext && { clientContext }),
            ...(byEmulator && { byEmulator }),
          });
          const released = await within(timeoutMs, started.released);
          if (!released) await plane.reset(released === undefined ? 'timeout' : 'failure');
          const result = await started.result;
          // On a busy machine the core ends the first invocation after an init timeout with the cancellation of that init.
          if (result.body.includes('ErrGateCanceled')) return running.invoke(call);
          const done = (await plane.events()).findLast(
            ({ type, platformEvent }) =>
              type === 'platform.runtimeDone' && platformEvent.requestId === started.id,
          );
          const { status, errorType } = done?.platformEvent ?? {};
          return {
            ...outcomeOf(result, byEmulator),
            body: comparable(result.body, started.id),
            logged: { status: String(status), ...(errorType ? { errorType: String(errorType) } : undefined) },
          };
        },
        output: () => plane.output(),
        close: () => plane.close(),
      };
      return running;
    },
  };
}

function outcomeOf(
  { headers, body, trailers }: CoreResult,
  byEmulator?: boolean,
): { error?: string; contentType?: string } {
  if (byEmulator) return { error: (JSON.parse(body) as { errorType: string }).errorType };
  const cut = trailers['end-of-response'] === 'Truncated' ? 'Runtime.TruncatedResponse' : undefined;
  const error = headers['error-type'] || trailers['lambda-runtime-function-error-type'] || cut;
  const contentType = headers['error-type'] ? undefined : headers['content-type'];
  return {
    ...(error && { error: String(error) }),
    ...(contentType && { contentType: String(contentType) }),
  };
}

/** Returns the result, or undefined if it has not settled after `ms`. */
async function within<T>(ms: number, result: Promise<T>): Promise<T | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), ms);
  try {
    return await Promise.race([result, promise]);
  } finally {
    clearTimeout(timer);
  }
}
