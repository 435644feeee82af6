/**
 * Creates the handlers that `handler.stream` and `handler.buffered` name, in the image's CMD and in Terraform. {@link createPipeline}
 * lists all steps of a request.
 */
import { Hono } from 'hono';
import { type AppDependencies, createApp } from '../app.ts';
import { type Config, ConfigError, checkSettings, config, type Settings } from '../config.ts';
import { prepareLimits } from '../limits/limit-calls.ts';
import { runInitHooks } from '../mcp/init-hooks.ts';
import { backgroundJobHandlers, limitedRoutes, mcpPaths, prewarmRoutes } from '../mcp/route-registry.ts';
import type { BackgroundJobHandler } from '../mcp/task-types.ts';
import type { LambdaContext } from '../types.ts';
import { adaptRequest, rejection } from './adapter.ts';
import { exitAfterCrash, installCrashHandlers, responseStarts } from './crash-handling.ts';
import { beginInvocation } from './invocation.ts';
import { complete, type Fetch, guardResponse } from './response-guard.ts';
import type { ResponseStream } from './response-stream.ts';
import { bufferedWriter, type ResponseWriter, streamWriter } from './response-writers.ts';
import { backgroundJob } from './self-invocation.ts';
import { tenantOf, tenantProblem } from './tenant.ts';
import { efficiencyModeSwitch } from './v8-efficiency-mode.ts';
import { validateEvent } from './validate-event.ts';
import { warmUp, warmUpForCache, warmUpPlan } from './warm-up.ts';

/** The parts of a project: app/routes.ts and app/settings.ts. */
export interface FunctionOptions extends AppDependencies {
  routes: Hono;
  /** @default only the settings of the framework */
  settings?: Pick<Settings, 'shape'>;
}

export interface Handlers {
  /** Response streaming: Function URLs with invoke mode RESPONSE_STREAM, REST APIs with response transfer mode STREAM. */
  stream(event: unknown, responseStream: unknown, context?: unknown): Promise<unknown>;
  /** Complete responses: HTTP APIs, load balancers, buffered REST APIs, Function URLs with invoke mode BUFFERED. */
  buffered(event: unknown, context?: unknown): Promise<unknown>;
}

/**
 * Creates the handlers of a function and runs init. Rejects with ConfigError if a setting is invalid, so that init fails
 * instead of the first request. Outside the Runtime Interface Client nothing is warmed up, and `stream` rejects.
 */
export async function createHandlers({
  routes,
  settings = { shape: {} },
  ...dependencies
}: FunctionOptions): Promise<Handlers> {
  checkSettings(settings);
  const app = createApp(routes, dependencies);
  await prepareLimits(limitedRoutes(routes));
  const { MCP_ISOLATION } = config();
  const handlers = handlersOf(createPipeline(app.fetch, backgroundJobHandlers(routes), MCP_ISOLATION));
  if (typeof globalThis.awslambda?.streamifyResponse !== 'function')
    return { ...handlers, stream: needsRuntimeClient };
  installCrashHandlers();
  await Promise.all([
    runInitHooks(),
    prewarmRoutes(routes, reportUnlisted),
    prewarmApp(app),
    warmUp(handlersFor, warmUpPlan()).catch(reportColdStart),
  ]);
  return { ...handlers, stream: awslambda.streamifyResponse(handlers.stream) };
}

type Pipeline = <Result>(
  event: unknown,
  context: LambdaContext | undefined,
  writer: ResponseWriter<Result>,
) => Promise<Result>;

/** Creates the steps of a request, from the Lambda event to the last byte of the response and the work after it. */
export function createPipeline(
  fetch: Fetch,
  jobHandlers: ReadonlyMap<string, BackgroundJobHandler> = new Map(),
  isolation: Config['MCP_ISOLATION'] = 'shared',
): Pipeline {
  const useEfficiencyMode = efficiencyModeSwitch();

  return async function handleInvocation(event, context, writer) {
    responseStarts();
    const invocation = beginInvocation(context);
    try {
      const runJob = backgroundJob(event, jobHandlers);
      if (runJob) return await writer.empty(runJob(invocation.signal, tenantOf(context, isolation)));
      const problem = validateEvent(event) ?? tenantProblem(event, context, isolation);
      if (problem) return await writer.reject(event, complete(rejection(problem)));
      const adapted = await adaptRequest(event, context, invocation);
      const response = await guardResponse(fetch, adapted);
      return await writer.write(event, response, adapted.request.method);
    } finally {
      invocation.end();
      await writer.sent();
      await invocation.runEndTasks();
      useEfficiencyMode(context);
      await exitAfterCrash(writer.stream);
    }
  };
}

/**
 * Logs that the tools of a route cannot be listed; the first real request fails with the same error. The build has no settings to
 * check.
 */
function reportUnlisted(path: string, error: unknown): void {
  if (!(error instanceof ConfigError))
    console.error(`mcp: the tools of ${path} cannot be listed: ${(error as Error).message}`);
}

/** Returns the handlers of a pipeline, before the Runtime Interface Client marks `stream` as streaming. */
export function handlersOf(handle: Pipeline): Handlers {
  return {
    stream: (event, responseStream, context) =>
      handle(event, context as LambdaContext | undefined, streamWriter(responseStream as ResponseStream)),
    buffered: (event, context) => handle(event, context as LambdaContext | undefined, bufferedWriter),
  };
}

/** Facts about a build that the local Lambda needs and prints. */
export interface RouteSummary {
  /** Paths of the MCP servers, in the order in which they are mounted. */
  paths: string[];
  /** Whether a route has background jobs. */
  background: boolean;
  /** Whether a route needs the DynamoDB table. */
  table: boolean;
}

export function summarize({ routes }: FunctionOptions): RouteSummary {
  const background = backgroundJobHandlers(routes).size > 0;
  return { paths: mcpPaths(routes), background, table: background || limitedRoutes(routes).length > 0 };
}

/**
 * Runs the code of init and of a request, so that the code cache contains it. The settings of the project are not checked: the
 * build does not have the environment of the function.
 */
export async function runForCache({ routes }: Pick<FunctionOptions, 'routes'>): Promise<void> {
  await createHandlers({ routes });
  await prewarmRoutes(routes, reportUnlisted);
  await prewarmApp(createApp(routes));
  await warmUpForCache(handlersFor);
}

/**
 * Builds the router and runs the middleware, so that the first request does not have to. An app without routes handles the
 * request, so that the user's routes receive only requests of clients.
 */
async function prewarmApp(app: Hono): Promise<void> {
  app.router.match('POST', '/');
  await createApp(new Hono()).fetch(new Request('https://prewarm.invalid/'), { prewarm: true });
}

/** Returns the handlers of an app without jobs. */
function handlersFor(fetch: Fetch): Handlers {
  return handlersOf(createPipeline(fetch));
}

/** The function works without a warm-up; a test and the build notice a warm-up that fails. */
function reportColdStart(error: unknown): void {
  console.error('The warm-up failed, so the first response takes longer', error);
}

async function needsRuntimeClient(): Promise<never> {
  throw new Error(
    'handler.stream works only under aws-lambda-ric. Start it with "npm start", or call handler.buffered.',
  );
}
