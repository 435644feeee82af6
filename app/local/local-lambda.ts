/**
 * The local Lambda: one process that is the platform. Puts the fronts over the function and listens.
 */
import type { AddressInfo } from 'node:net';
import { type HttpBindings, serve } from '@hono/node-server';
import { Hono } from 'hono';
import { createFront } from './front/front.ts';
import { functionEnvironment } from './function-environment.ts';
import { createInvokeApi } from './invoke-api.ts';
import { LocalFunction } from './local-function.ts';
import { createLog, type Log } from './log.ts';
import type { LocalLambdaOptions } from './options.ts';

export interface LocalLambda {
  /** Where the front listens, without a slash at the end. */
  url: string;
  /** Settles when a first environment is initialised; rejects with InitError when it cannot be. The front serves anyway. */
  ready: Promise<void>;
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
  const serveFront = createFront(
    fn,
    { ...options, domainName: options.domainName || undefined, authorize },
    log,
  );
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.route('/', createInvokeApi(fn));
  app.all('*', c => serveFront(c.env.incoming));

  const { server, port } = await listen(app, options);
  return {
    url: `http://${options.host === '0.0.0.0' || options.host === '::' ? 'localhost' : options.host}:${port}`,
    ready: fn.warmUp(),
    async close() {
      const closed = new Promise<void>(resolve => server.close(() => resolve()));
      if ('closeAllConnections' in server) server.closeAllConnections();
      await Promise.all([fn.close(), closed]);
    },
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
      idleTimeout: options.idleTimeout,
      spec: { ...spec, output: chunk => output.write(chunk) },
    },
    log,
  );
}

function listen(app: Hono<{ Bindings: HttpBindings }>, { host, port }: LocalLambdaOptions) {
  return new Promise<{ server: ReturnType<typeof serve>; port: number }>((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: host, port }, info =>
      resolve({ server, port: (info as AddressInfo).port }),
    );
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'EADDRINUSE'
          ? `Port ${port} is taken. Stop what listens there, or choose another: PORT=${port + 1}`
          : `Cannot listen on ${host}:${port}: ${error.message}`;
      reject(new ListenError(why));
    });
  });
}
