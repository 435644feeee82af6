/**
 * Runs the image as Lambda does: a container with `AWS_LAMBDA_RUNTIME_API` set, a Runtime API outside the container, and a
 * Function URL endpoint that clients can call.
 */
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { type HttpBindings, serve } from '@hono/node-server';
import { Hono } from 'hono';
import { createEndpoint } from '../../../app/framework/local-lambda/endpoints/endpoint.ts';
import type { Invoked } from '../../../app/framework/local-lambda/environment.ts';
import type { InvokeRequest } from '../../../app/framework/local-lambda/local-function.ts';
import { createLog } from '../../../app/framework/local-lambda/log.ts';
import { RuntimeApi, type RuntimeResponse } from '../../../app/framework/local-lambda/runtime-api.ts';
import type { Engine } from '../../helpers/container-engine.ts';

export interface ContainerRuntime {
  url: string;
  container: string;
  close(): Promise<void>;
}

/** Starts a container; `flags` are those of the engine's `run`. Resolves when the runtime in it requests its first invocation. */
export async function startContainerRuntime(
  engine: Engine,
  image: string,
  flags: string[],
): Promise<ContainerRuntime> {
  let idle = Promise.withResolvers<void>();
  let responded = Promise.withResolvers<RuntimeResponse>();
  const api = new RuntimeApi({
    idle: () => idle.resolve(),
    initError: error => idle.reject(new Error(error.body)),
    response: response => responded.resolve(response),
  });
  const address = await api.listen();
  const container = `mcp-on-lambda-test-${randomUUID()}`;
  const env = Object.entries({ ...LAMBDA_ENV, AWS_LAMBDA_RUNTIME_API: address }).flatMap(([k, v]) => [
    '-e',
    `${k}=${v}`,
  ]);
  await engine.run(
    'run',
    '-d',
    '--name',
    container,
    '--network',
    'host',
    ...engine.runFlags,
    ...env,
    ...flags,
    image,
  );
  await idle.promise;

  /** Runs one invocation at a time, as Lambda does. */
  let turn: Promise<unknown> = Promise.resolve();
  const invoke = (request: InvokeRequest): Promise<Invoked> => {
    const invoked = turn.then(async () => {
      await idle.promise;
      idle = Promise.withResolvers();
      responded = Promise.withResolvers();
      api.dispatch(
        { ...request, id: request.requestId, functionArn: 'arn:aws:lambda:x:1:function:f' },
        Date.now() + 30_000,
      );
      const response = await responded.promise;
      const report = idle.promise.then(() => ({ duration: 0, logTail: '' }));
      return { response, report };
    });
    turn = invoked.then(({ report }) => report);
    return invoked;
  };
  const endpoint = createEndpoint(
    { invoke, tenantProblem: () => undefined },
    { endpoint: 'function-url', invokeMode: 'RESPONSE_STREAM' },
    createLog('json', () => undefined, false),
  );
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.all('*', c => endpoint(c.env.incoming));
  const { promise: listening, resolve } = Promise.withResolvers<AddressInfo>();
  const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, resolve);
  const { port } = await listening;
  return {
    url: `http://127.0.0.1:${port}`,
    container,
    async close() {
      await engine.run('rm', '-f', '-t', '0', container);
      server.close();
      api.close();
    },
  };
}

const LAMBDA_ENV = {
  AWS_REGION: 'us-east-1',
  AWS_LAMBDA_FUNCTION_NAME: 'f',
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
  AWS_LAMBDA_LOG_GROUP_NAME: 'g',
  AWS_LAMBDA_LOG_STREAM_NAME: 's',
  _HANDLER: 'handler.stream',
  LAMBDA_TASK_ROOT: '/var/task',
};
