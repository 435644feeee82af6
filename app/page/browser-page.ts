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
import { type Way, wayHere } from './way-here.ts';

/** What the page is told of the app around it. */
export interface PageOptions {
  settings: () => Config;
  routes: Hono;
  /** Paths of the MCP servers, in the order in which they are mounted. */
  paths: readonly string[];
}

/** Where its style sheet and script are, below the root of the app. */
export const FILES = '/_page/';

export function browserPage({ settings, routes, paths }: PageOptions): MiddlewareHandler {
  const pages = new Set(rootIsFree(routes) ? ['/', ...paths] : paths);

  return async function serveBrowser(c, next) {
    const { method, path } = c.req;
    if (method !== 'GET' && method !== 'HEAD') return next();
    const isPage = pages.has(path) && wantsHtml(c.req.header('accept'));
    if (!(isPage || path.startsWith(FILES)) || settings().MCP_PAGE === 'off') return next();
    const event: unknown = c.env?.event;
    const { fileResponse, pageResponse } = await import('./view.ts');
    if (!isPage) return (await fileResponse(path.slice(FILES.length), c.req.raw, event)) ?? next();
    const way: Way = wayHere(c.req.raw, settings(), event);
    return pageResponse({ way, path, paths, settings: settings() });
  };
}

/** Whether it is a browser that opens a page: an MCP client asks for `text/event-stream`, and gets its 405. */
function wantsHtml(accept = ''): boolean {
  const types = accept.split(',').map(part => part.trim().split(';')[0]?.toLowerCase());
  return types.includes('text/html') && !types.includes('text/event-stream');
}

/** What a user mounts at `/` stays there. */
function rootIsFree(routes: Hono): boolean {
  return !routes.routes.some(({ method, path }) => path === '/' && ['GET', 'ALL'].includes(method));
}
