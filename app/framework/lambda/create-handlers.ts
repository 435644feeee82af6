/**
 * Makes the handlers: the app of routes.ts behind the adapter, warmed up. handler.ts loads it in the build; tests and
 * tools may import it as it is.
 */
import { Hono } from 'hono';
import { routes } from '../../routes.ts';
import { createApp } from '../app.ts';
import { config } from '../config.ts';
import { runInitHooks } from '../mcp/init-hooks.ts';
import { backgroundWorks, mcpPaths } from '../mcp/route-registry.ts';
import { bufferedHandler, streamingHandler } from './adapter.ts';
import { exitAfterCrash, installCrashHandlers } from './crash-handling.ts';
import { withBackgroundWork } from './self-invocation.ts';
import { efficientAfterFirst } from './v8-efficiency-mode.ts';
import { warmUp } from './warm-up.ts';

/** Runs what answers requests, for the code cache to hold it. */
export async function runForCache(): Promise<void> {
  await prewarmed(createApp(routes));
  await warmUp(true);
}

/** Where the MCP servers of routes.ts are; for what tells people. */
export const paths = mcpPaths(routes);
/** Whether any of them has work that outlives a call. */
export const background = backgroundWorks(routes).size > 0;

/** What `handler.stream` and `handler.buffered` name, in the image's CMD and in Terraform. */
export interface Handlers {
  /** Response streaming: Function URLs with invoke mode RESPONSE_STREAM, REST APIs with response transfer mode STREAM. */
  stream(event: unknown, responseStream: unknown, context: never): Promise<unknown>;
  /** Whole answers: HTTP APIs, load balancers, buffered REST APIs, Function URLs with invoke mode BUFFERED. */
  buffered(event: unknown, context?: never): Promise<unknown>;
}

/**
 * Rejects with ConfigError when a setting is bad: that must stop the init, not the first request. Outside the Runtime
 * Interface Client nothing is warmed up, and `stream` says that it needs the client.
 */
export async function createHandlers(): Promise<Handlers> {
  config();
  const app = createApp(routes);
  const works = backgroundWorks(routes);
  const buffered = exitAfterCrash(withBackgroundWork(works, bufferedHandler(app.fetch)));
  if (typeof globalThis.awslambda?.streamifyResponse !== 'function')
    return { stream: needsRuntimeClient, buffered };
  installCrashHandlers();
  await Promise.all([runInitHooks(), prewarmed(app), warmUp()]);
  const streaming = withBackgroundWork(works, streamingHandler(app.fetch));
  return {
    stream: awslambda.streamifyResponse(efficientAfterFirst(exitAfterCrash(streaming))),
    buffered: efficientAfterFirst(buffered),
  };
}

/**
 * What the first request would have to wait for: the router, which is made when it is first asked, and what every request passes
 * through. The latter of an app without routes: what a user has mounted hears of nothing that nobody has asked.
 */
async function prewarmed(app: Hono): Promise<void> {
  app.router.match('POST', '/');
  await createApp(new Hono()).fetch(new Request('https://prewarm.invalid/'), { prewarm: true });
}

async function needsRuntimeClient(): Promise<never> {
  throw new Error(
    'handler.stream answers only under aws-lambda-ric. Start it with "npm start", or call handler.buffered.',
  );
}
