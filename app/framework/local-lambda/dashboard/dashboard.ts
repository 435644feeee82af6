/**
 * The local dashboard: a page that shows environments and invocations live, with buttons that freeze, kill or time out an
 * environment, to see the response that its caller gets. It works for any handler.
 *
 * It has a separate port, on loopback only. Pages of other origins must not use its buttons or read its events, so Host must be
 * this machine's (DNS rebinding), and requests of pages must come from this page (CSRF).
 */
import { readFile } from 'node:fs/promises';
import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { Environment } from '../environment.ts';
import type { LocalFunction } from '../local-function.ts';
import type { LocalLambdaOptions } from '../options.ts';
import type { Recorder } from './recorder.ts';

export { Recorder } from './recorder.ts';

export interface DashboardOptions {
  recorder: Recorder;
  functions: readonly LocalFunction[];
  options: LocalLambdaOptions;
  /** URL of the endpoint. */
  url: string;
}

/** Minimum time between two updates of a page, in milliseconds. */
const PAUSE_MS = 150;
/** Interval of events that keep the connection of a page open, in milliseconds. */
const HEARTBEAT_MS = 15_000;

const ACTIONS: Record<string, (environment: Environment) => void> = {
  freeze: environment => environment.hold(),
  thaw: environment => environment.resume(),
  kill: environment => environment.crash(),
  'time-out': environment => environment.timeOut(),
};

const FILES = {
  '/': ['dashboard.html', 'text/html; charset=utf-8'],
  '/dashboard.css': ['dashboard.css', 'text/css; charset=utf-8'],
  '/dashboard.js': ['dashboard.js', 'text/javascript; charset=utf-8'],
} as const;

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

export function createDashboard(seen: DashboardOptions): Hono<{ Bindings: HttpBindings }> {
  const { recorder, functions } = seen;
  const app = new Hono<{ Bindings: HttpBindings }>();

  app.use(async (c, next) => {
    const problem = denialOf(c.req.raw.headers, c.env.incoming.socket.localPort, c.req.method);
    if (problem) return c.json({ message: problem }, 403, HEADERS);
    await next();
    for (const [name, value] of Object.entries(HEADERS)) c.res.headers.set(name, value);
    return undefined;
  });
  for (const [path, [file, type]] of Object.entries(FILES)) {
    app.get(path, async () => {
      // The build puts these files next to the bundle of this module.
      const text = await readFile(new URL(file, import.meta.url), 'utf8');
      return new Response(text, { headers: { 'content-type': type } });
    });
  }
  app.get('/events', c => liveState(c, seen));
  app.get('/invocations/:id', c => {
    const details = recorder.details(c.req.param('id'));
    return details ? c.json(details) : c.json({ message: 'No longer kept.' }, 404);
  });
  app.post('/environments/:id/:action', c => {
    const { id, action } = c.req.param();
    const act = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
    const environment = functions.map(fn => fn.environment(Number(id))).find(found => found?.alive);
    if (!act || !environment) return c.json({ message: 'Unknown environment or action.' }, 404);
    act(environment);
    return c.json({ done: action });
  });
  return app;
}

/** Returns why a request is denied; undefined if it is from this page in a browser of this machine. */
function denialOf(headers: Headers, port: number | undefined, method: string): string | undefined {
  const host = headers.get('host') ?? '';
  const names = ['127.0.0.1', 'localhost', '[::1]'].map(name => `${name}:${port}`);
  if (!names.includes(host)) return `The host ${host} is not allowed here.`;
  const origin = headers.get('origin');
  const site = headers.get('sec-fetch-site');
  const foreign = (origin !== null && origin !== `http://${host}`) || (site !== null && !OWN_SITE.has(site));
  if (foreign) return 'Pages of other origins are not allowed here.';
  // Browsers send Origin with every request of a page that is not GET or HEAD.
  if (method !== 'GET' && origin === null) return 'Only the dashboard page may send this request.';
  return undefined;
}

/** `none`: the user typed the address or opened a bookmark. */
const OWN_SITE = new Set(['same-origin', 'none']);

function liveState(c: Context, { recorder, options, url }: DashboardOptions): Response {
  const { functionName, memory, timeout, freeze, endpoint, isolation } = options;
  const facts = { name: functionName, memory, timeout, freeze, endpoint, isolation, url };
  return streamSSE(c, async stream => {
    let wake = (): void => undefined;
    let changed = true;
    const quiet = recorder.listen(() => {
      changed = true;
      wake();
    });
    stream.onAbort(() => {
      quiet();
      wake();
    });
    while (!stream.aborted) {
      if (changed) {
        changed = false;
        const state = {
          function: facts,
          environments: [...recorder.environments.values()],
          invocations: [...recorder.invocations.values()],
        };
        await stream.writeSSE({ data: JSON.stringify(state) });
      } else {
        await stream.writeSSE({ event: 'still-here', data: '' });
      }
      await stream.sleep(PAUSE_MS);
      if (changed || stream.aborted) continue;
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, HEARTBEAT_MS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    quiet();
  });
}
