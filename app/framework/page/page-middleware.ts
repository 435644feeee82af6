/**
 * The page that a browser gets at the URL, to connect clients and try the tools. It serves only GET requests with
 * `Accept: text/html`, which MCP clients do not send. The first such request loads its code (files.ts, view.ts; separate files in the
 * build).
 *
 * The page contains no secrets and only the paths of MCP servers. The guard checks its calls like all others.
 */
import type { Hono, MiddlewareHandler } from 'hono';
import type { Config } from '../config.ts';
import type { EndpointContext } from '../endpoint-context.ts';

/** The parts of the app that the page needs. */
export interface PageOptions {
  settings: () => Config;
  routes: Hono;
  /** Paths of the MCP servers, in the order in which they are mounted. */
  paths: readonly string[];
}

/** The part of Hono's context that the middleware needs. */
interface PageEnv {
  Variables: { endpoint: EndpointContext };
}

/** Path of its style sheet and script, below the root of the app. */
export const FILES = '/_page/';

/** Creates the middleware that returns the page to browsers. */
export function browserPage({ settings, routes, paths }: PageOptions): MiddlewareHandler<PageEnv> {
  const pages = new Set(rootIsFree(routes) ? ['/', ...paths] : paths);

  return async function servePage(c, next) {
    const { method, path } = c.req;
    const isPage = isRead(method) && pages.has(path) && wantsHtml(c.req.header('accept'));
    if (!isPage || settings().MCP_PAGE === 'off') return next();
    const { pageResponse } = await import('./view.ts');
    return pageResponse({ endpoint: c.get('endpoint'), path, paths, settings: settings() });
  };
}

/**
 * Creates the middleware that serves the files of the page, which are public. It runs before the validation of origins: browsers send
 * Origin for module scripts, and a page of an origin that is not allowed must be able to show the error.
 */
export function pageFiles({ settings }: Pick<PageOptions, 'settings'>): MiddlewareHandler<PageEnv> {
  return async function serveFile(c, next) {
    const { method, path } = c.req;
    if (!isRead(method) || !path.startsWith(FILES) || settings().MCP_PAGE === 'off') return next();
    const { fileResponse } = await import('./view.ts');
    return (await fileResponse(path.slice(FILES.length), c.req.raw, c.get('endpoint'))) ?? next();
  };
}

function isRead(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** Returns whether a browser opens a page. An MCP client accepts `text/event-stream` and gets a 405. */
function wantsHtml(accept = ''): boolean {
  return accept.includes('text/html') && !accept.includes('event-stream');
}

/** Returns whether the user has mounted nothing at `/`. */
function rootIsFree(routes: Hono): boolean {
  return !routes.routes.some(({ method, path }) => path === '/' && ['GET', 'ALL'].includes(method));
}
