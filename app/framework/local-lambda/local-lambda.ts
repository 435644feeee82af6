/**
 * The local Lambda: one process that imitates the platform. Creates the function, its endpoints and their listeners.
 */
import { appendFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { type HttpBindings, serve } from '@hono/node-server';
import { Hono } from 'hono';
import { withoutBadSetting } from './bad-setting.ts';
import { type Authorize, exceptOpenPaths } from './endpoints/authorization.ts';
import { createEndpoint } from './endpoints/endpoint.ts';
import { ENDPOINTS } from './endpoints/endpoints.ts';
import { lambdaAuthorizer } from './endpoints/lambda-authorizer.ts';
import { RequestBrokenError } from './endpoints/request.ts';
import { EventQueue, type InvocationRecord } from './event-queue.ts';
import { functionEnvironment } from './function-environment.ts';
import { createInvokeApi } from './invoke-api.ts';
import { LocalFunction } from './local-function.ts';
import { createLog, type Log, painter, type Write } from './log.ts';
import { Metrics } from './metrics.ts';
import type { Observer } from './observer.ts';
import type { LocalLambdaOptions } from './options.ts';
import { requestsLog } from './requests-log.ts';
import { createSourcePositions } from './source-positions.ts';

export interface LocalLambda {
  /** URL of the endpoint, without a trailing slash. */
  url: string;
  /** URL of the Invoke API, if it is enabled. */
  invokeUrl: string | undefined;
  /** URL of the local dashboard, if it is enabled. */
  dashboardUrl: string | undefined;
  /**
   * Settles when the first environment is initialized. Rejects with InitError if init fails; the endpoint accepts requests anyway.
   */
  ready: Promise<void>;
  /** Makes calls wait until `replace` or `release`, while new files of the function are built. */
  hold(): void;
  /** Runs the calls that wait, with the same files of the function. */
  release(): void;
  /** Makes all further calls run the new files of the function. Rejects with InitError if init fails. */
  replace(): Promise<void>;
  /** Ends the function's processes immediately, for a process that cannot wait. */
  kill(): void;
  close(): Promise<void>;
}

export interface Output {
  write: Write;
  colour: boolean;
}

/** The port cannot be listened on. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code = 'LISTEN_FAILED';
}

/** Environment variables of the function, and of the authorizer if the endpoint has one. */
export interface Environments {
  function: NodeJS.ProcessEnv;
  authorizer: NodeJS.ProcessEnv;
}

type Options = LocalLambdaOptions & { command: [string, ...string[]] };

export async function startLocalLambda(
  options: Options,
  env: Environments,
  output: Output,
): Promise<LocalLambda> {
  const inSources = createSourcePositions(options.taskRoot ?? process.cwd());
  const { write, colour } = output;
  const plain =
    options.log === 'requests'
      ? requestsLog(write, painter(colour), inSources)
      : createLog(options.logFormat, write, colour, inSources);
  // The dashboard is loaded only if it is enabled.
  const dashboard =
    options.dashboardPort === undefined ? undefined : await import('./dashboard/dashboard.ts');
  const recorder = dashboard && new dashboard.Recorder();
  const log = recorder?.watching(plain) ?? plain;
  const metrics = options.metrics ? new Metrics() : undefined;
  const printed = (chunk: Buffer, pid: number): void => {
    plain.output(withoutBadSetting(chunk), pid);
    metrics?.take(chunk, pid);
  };
  const make = (options: Options, env: NodeJS.ProcessEnv): LocalFunction =>
    createFunction(options, env, printed, log, recorder?.observer(options.functionName));
  const listeners: Listener[] = [];
  const add = async (app: Hono<{ Bindings: HttpBindings }>, address: Address): Promise<string> => {
    app.onError(errorHandler(log));
    const listener = await listen(app, address).catch(async error => {
      await Promise.all(listeners.map(({ close }) => close()));
      throw error;
    });
    listeners.push(listener);
    return listener.url;
  };
  const { fn, queue } = await functionWithServices(options, env.function, make, add, log);
  const authorizer = hasLambdaAuthorizer(options)
    ? make(authorizerOptions(options), env.authorizer)
    : undefined;
  const functions = authorizer ? [fn, authorizer] : [fn];
  const { endpoint: name, domainName = '' } = options;
  const endpointOptions = {
    ...options,
    domainName: domainName || undefined,
    stage: name === 'rest-api' ? options.stage : undefined,
    // An HTTP API has no gateway responses: its response to a denied request is fixed.
    challenge: (name === 'rest-api' && options.challenge) || undefined,
    timeoutSeconds: options.endpointTimeout,
    authorize: await authorization(options, authorizer),
  };
  const serveEndpoint = createEndpoint(fn, endpointOptions, log);
  const endpoint = new Hono<{ Bindings: HttpBindings }>().all('*', c => serveEndpoint(c.env.incoming));
  const url = await add(endpoint, options);
  const stagePath = name === 'rest-api' && !domainName ? `/${options.stage}` : '';
  const invokeUrl =
    options.invokePort === undefined
      ? undefined
      : await add(
          createInvokeApi(fn, { queue, authorize: await signatures(options, 'lambda') }),
          onLoopback(options.invokePort, 'LAMBDA_INVOKE_PORT'),
        );
  const seen = { recorder, functions, options, url: `${url}${stagePath}` };
  const dashboardUrl =
    dashboard && recorder && options.dashboardPort !== undefined
      ? await add(
          dashboard.createDashboard({ ...seen, recorder }),
          onLoopback(options.dashboardPort, 'LAMBDA_DASHBOARD_PORT'),
        )
      : undefined;
  const all = async (does: (fn: LocalFunction) => Promise<void>): Promise<void> => {
    await Promise.all(functions.map(does));
  };
  return {
    url: `${url}${stagePath}`,
    invokeUrl,
    dashboardUrl,
    ready: all(each => each.warmUp()),
    hold() {
      for (const each of functions) each.hold();
    },
    release() {
      for (const each of functions) each.release();
    },
    replace() {
      inSources.forget();
      return all(each => each.replace());
    },
    kill: () => {
      for (const each of functions) each.kill();
    },
    async close() {
      queue.close();
      await Promise.all([all(each => each.close()), ...listeners.map(({ close }) => close())]);
      if (metrics) output.write(`\n${metrics.table()}\n`);
    },
  };
}

function hasLambdaAuthorizer({ authorizer }: LocalLambdaOptions): boolean {
  return authorizer !== '' && authorizer !== 'jwt';
}

/** Returns the options of the authorizer, a separate function with its own name, environments and log lines. */
function authorizerOptions(options: Options): Options {
  const { functionName, authorizer } = options;
  return {
    ...options,
    handler: authorizer,
    snapStart: false,
    functionName: `${functionName}-authorizer`,
    concurrency: undefined,
    isolation: 'shared',
  };
}

/** Creates the function and the queue of its asynchronous invocations, and the AWS services that it may call, if any. */
async function functionWithServices(
  options: Options,
  given: NodeJS.ProcessEnv,
  make: (options: Options, env: NodeJS.ProcessEnv) => LocalFunction,
  add: (app: Hono<{ Bindings: HttpBindings }>, address: Address) => Promise<string>,
  log: Log,
): Promise<{ fn: LocalFunction; queue: EventQueue }> {
  const { tables, selfInvoke, region, destination } = options;
  const queueOf = (fn: LocalFunction): EventQueue =>
    new EventQueue(fn, options, log, recordsTo(destination, log));
  if (!selfInvoke && tables.length === 0) {
    const fn = make(options, given);
    return { fn, queue: queueOf(fn) };
  }
  const { addServices, roleOf, servicesEnvironment } = await import('./services/services.ts');
  const role = roleOf(given);
  const app = new Hono<{ Bindings: HttpBindings }>();
  const url = await add(app, onLoopback(0));
  const fn = make(options, { ...servicesEnvironment(url, role, tables), ...given });
  const queue = queueOf(fn);
  await addServices(app, { fn, queue, region, role, tables });
  return { fn, queue };
}

/** Returns the destination for records: a file instead of a queue, topic, bucket or function. A failed write is logged. */
function recordsTo(file: string, log: Log): (record: InvocationRecord) => void {
  return function addRecord(record) {
    if (!file) return;
    try {
      appendFileSync(file, `${JSON.stringify(record)}\n`);
    } catch (error) {
      log.note(`The record of an asynchronous invocation was not written: ${(error as Error).message}`);
    }
  };
}

/** Returns the handler of errors: 400 if the request was incomplete, 500 for an error of the local Lambda itself. */
function errorHandler(log: Log) {
  return function handleError(error: Error): Response {
    if (error instanceof RequestBrokenError)
      return Response.json({ message: error.message }, { status: 400 });
    log.note(`The local Lambda failed: ${error.stack}`);
    return Response.json({ message: 'The local Lambda failed; its log has the reason.' }, { status: 500 });
  };
}

/** API Gateway’s default for REST APIs, in seconds. https://docs.aws.amazon.com/apigateway/latest/api/API_CreateAuthorizer.html */
const AUTHORIZER_TTL = 300;

/** Returns the function that authenticates requests, and loads its libraries; undefined if there is no authentication. */
async function authorization(
  options: LocalLambdaOptions,
  authorizer: LocalFunction | undefined,
): Promise<Authorize | undefined> {
  const {
    endpoint,
    region,
    domainName,
    stage,
    openPaths,
    authorizerTtl: ttlSeconds = AUTHORIZER_TTL,
  } = options;
  if (options.authorizer === 'jwt') {
    const { jwtAuthorizer } = await import('./endpoints/jwt-authorizer.ts');
    const { jwtIssuer: issuer, jwtAudience: audience, jwtScopes: scopes } = options;
    return exceptOpenPaths(jwtAuthorizer({ issuer, audience, scopes }), openPaths);
  }
  if (authorizer && (endpoint === 'http-api' || endpoint === 'rest-api')) {
    const context = {
      domainName: domainName || undefined,
      stage: endpoint === 'rest-api' ? stage : undefined,
    };
    const lambdaOptions = { endpoint, region, ttlSeconds, event: ENDPOINTS[endpoint].event, context };
    return exceptOpenPaths(lambdaAuthorizer(authorizer, lambdaOptions), openPaths);
  }
  return signatures(options, ENDPOINTS[endpoint].gateway ? 'execute-api' : 'lambda');
}

/** Returns the check of signatures. Its library is larger than all other code, so it is loaded only if necessary. */
async function signatures(
  { authType, iamCredentials: credentials, region }: LocalLambdaOptions,
  service: 'lambda' | 'execute-api',
): Promise<Authorize | undefined> {
  if (authType === 'NONE') return undefined;
  const { createIamAuth } = await import('./endpoints/iam-auth.ts');
  return createIamAuth({ credentials, region, service });
}

function createFunction(
  options: Options,
  env: NodeJS.ProcessEnv,
  printed: (chunk: Buffer, pid: number) => void,
  log: Log,
  observer: Observer | undefined,
): LocalFunction {
  const { timeout, initTimeout, memory, freeze, command } = options;
  const snapStart = options.snapStart ? log.snapStart : undefined;
  const spec = {
    snapStart,
    command,
    timeout,
    initTimeout,
    memory,
    freeze,
    env: functionEnvironment(options, env),
  };
  return new LocalFunction(
    {
      name: options.functionName,
      region: options.region,
      concurrency: options.concurrency,
      environments: options.environments,
      idleTimeout: options.idleTimeout,
      isolation: options.isolation,
      spec: { ...spec, observer, output: printed },
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
  /** Name of the setting of the port. */
  variable?: string;
}

/** Returns an address on loopback. `variable` is the name of the setting of the port. */
function onLoopback(port: number, variable?: string): Address {
  return { host: '127.0.0.1', port, ...(variable && { variable }) };
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
          ? `Port ${port} is taken. Stop the program that listens there, or choose another port: ${variable}=${port + 1}`
          : `Cannot listen on ${host}:${port}: ${error.message}`;
      reject(new ListenError(why));
    });
  });
}
