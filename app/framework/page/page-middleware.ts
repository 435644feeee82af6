/**
 * What a browser gets that opens the URL: a page that connects clients and lets one try the tools. MCP requests never come
 * here: a page is asked for by GET with `Accept: text/html`, and everything it is made of is loaded by the first such
 * request (files.ts, view.ts; in the build files of their own).
 *
 * The security boundary is elsewhere: the page holds no secret, names nothing but the paths of MCP servers, and its calls
 * pass the gate like everybody's.
 */
import type { Hono, MiddlewareHandler } from 'hono';
import type { Config } from '../config.ts';
import type { EndpointContext } from '../endpoint-context.ts';

/** What the page is told of the app around it. */
export interface PageOptions {
  settings: () => Config;
  routes: Hono;
  /** Paths of the MCP servers, in the order in which they are mounted. */
  paths: readonly string[];
}

/** What the middleware needs of Hono's context. */
interface PageEnv {
  Variables: { endpoint: EndpointContext };
}

/** Where its style sheet and script are, below the root of the app. */
export const FILES = '/_page/';

/** Answers a browser that opens the URL. */
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
 * Serves what the page is made of, which is the same for everybody. Before the origin is asked about: browsers name one for
 * a module script, and a page whose calls will be refused is to say so.
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

/** Whether it is a browser that opens a page: an MCP client asks for `text/event-stream`, and gets its 405. */
function wantsHtml(accept = ''): boolean {
  return accept.includes('text/html') && !accept.includes('event-stream');
}

/** What a user mounts at `/` stays there. */
function rootIsFree(routes: Hono): boolean {
  return !routes.routes.some(({ method, path }) => path === '/' && ['GET', 'ALL'].includes(method));
}
