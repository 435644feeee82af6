/**
 * The local Lambda: one process that is the platform. Puts the fronts over the function and listens.
 */
import type { AddressInfo } from 'node:net';
import { type HttpBindings, serve } from '@hono/node-server';
import { Hono } from 'hono';
import { createFront } from './front/front.ts';
import { RequestBroken } from './front/request.ts';
import { functionEnvironment } from './function-environment.ts';
import { createInvokeApi } from './invoke-api.ts';
import { LocalFunction } from './local-function.ts';
import { createLog, type Log } from './log.ts';
import type { LocalLambdaOptions } from './options.ts';

export interface LocalLambda {
  /** Where the front listens, without a slash at the end. */
  url: string;
  /** Where the Invoke API listens, when it was asked for. */
  invokeUrl: string | undefined;
  /** Settles when a first environment is initialised; rejects with InitError when it cannot be. The front serves anyway. */
  ready: Promise<void>;
  /** The function's files have changed: the calls from here on get the new ones. Rejects with InitError as `ready` does. */
  replace(): Promise<void>;
  /** Ends the function's processes at once, for a process that cannot wait. */
  kill(): void;
  close(): Promise<void>;
}

export interface Output {
  write(text: string | Buffer): void;
  colour: boolean;
}

/** The port cannot be listened on. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code = 'LISTEN_FAILED';
}

export async function startLocalLambda(
  options: LocalLambdaOptions & { command: [string, ...string[]] },
  env: NodeJS.ProcessEnv,
  output: Output,
): Promise<LocalLambda> {
  const log = createLog(options.logFormat, line => output.write(`${line}\n`), output.colour);
  const fn = createFunction(options, env, output, log);
  const authorize = await authorization(options);
  const domainName = options.domainName || undefined;
  const serveFront = createFront(fn, { ...options, domainName, authorize }, log);
  const front = new Hono<{ Bindings: HttpBindings }>().all('*', c => serveFront(c.env.incoming));
  const onError = faultAnswer(log);
  front.onError(onError);

  const listeners = [await listen(front, options)];
  if (options.invokePort !== undefined) {
    const api = createInvokeApi(fn, { authorize });
    api.onError(onError);
    const { invokePort: port } = options;
    const invoke = listen(api, { host: '127.0.0.1', port, variable: 'LAMBDA_INVOKE_PORT' });
    listeners.push(
      await invoke.catch(async error => {
        await Promise.all(listeners.map(({ close }) => close()));
        throw error;
      }),
    );
  }
  const [{ url }, invoke] = listeners as [Listener, Listener?];
  return {
    url,
    invokeUrl: invoke?.url,
    ready: fn.warmUp(),
    replace: () => fn.replace(),
    kill: () => fn.kill(),
    async close() {
      await Promise.all([fn.close(), ...listeners.map(({ close }) => close())]);
    },
  };
}

/** The answer when there can be no other: the request broke off, or the local Lambda itself is at fault. */
function faultAnswer(log: Log) {
  return function answerFault(error: Error): Response {
    if (error instanceof RequestBroken) return Response.json({ message: error.message }, { status: 400 });
    log.note(`The local Lambda is at fault: ${error.stack}`);
    return Response.json({ message: 'The local Lambda is at fault; its log says more.' }, { status: 500 });
  };
}

/** Loaded for AWS_IAM only: the signing library is larger than all the rest. */
async function authorization({ authType, iamCredentials, region }: LocalLambdaOptions) {
  if (authType === 'NONE') return undefined;
  const { createIamAuth } = await import('./front/iam-auth.ts');
  return createIamAuth(iamCredentials, region);
}

function createFunction(
  options: LocalLambdaOptions & { command: [string, ...string[]] },
  env: NodeJS.ProcessEnv,
  output: Output,
  log: Log,
): LocalFunction {
  const { timeout, initTimeout, memory, freeze, command } = options;
  const spec = { command, timeout, initTimeout, memory, freeze, env: functionEnvironment(options, env) };
  return new LocalFunction(
    {
      name: options.functionName,
      region: options.region,
      concurrency: options.concurrency,
      environments: options.environments,
      idleTimeout: options.idleTimeout,
      spec: { ...spec, output: chunk => output.write(chunk) },
    },
    log,
  );
}

interface Listener {
  url: string;
  close(): Promise<void>;
}

interface Address {
  host: string;
  port: number;
  /** Which setting chooses the port. */
  variable?: string;
}

function listen(
  app: Hono<{ Bindings: HttpBindings }>,
  { host, port, variable = 'PORT' }: Address,
): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: host, port }, info => {
      const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
      resolve({
        url: `http://${name}:${(info as AddressInfo).port}`,
        close: () =>
          new Promise(closed => {
            server.close(() => closed());
            if ('closeAllConnections' in server) server.closeAllConnections();
          }),
      });
    });
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'EADDRINUSE'
          ? `Port ${port} is taken. Stop what listens there, or choose another: ${variable}=${port + 1}`
          : `Cannot listen on ${host}:${port}: ${error.message}`;
      reject(new ListenError(why));
    });
  });
}
