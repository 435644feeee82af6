/**
 * Where the browser has come to, and how that is called from outside: the function sees neither the stage of a REST API nor
 * the domain in front of a Function URL.
 */
import type { Config } from '../config.ts';

export interface Way {
  /** From the page to the root of the app, as a relative URL: `./`, `../`, or with the stage of a REST API. */
  toRoot: string;
  /** Of what is at `/` here, for clients: an origin and perhaps a path, without a slash at the end. */
  publicBase: string;
}

export function resolvePublicUrl(request: Request, { MCP_PUBLIC_URL: known }: Config, event: unknown): Way {
  const { pathname, host } = new URL(request.url);
  const outside = outsidePath(event) ?? pathname;
  const stage = outside.endsWith(pathname) ? outside.slice(0, -pathname.length) : '';
  const scheme = request.headers.get('x-forwarded-proto') ?? 'https';
  const called = `${scheme}://${request.headers.get('host') ?? host}${stage}`;
  return { toRoot: toRoot(pathname, outside), publicBase: known ? baseOf(known, pathname) : called };
}

/** Relative, since what is in front may have a path of its own that nobody tells: the browser knows it. */
function toRoot(pathname: string, outside: string): string {
  // A stage without a slash behind it, `/live`: to the browser its page is beside the root.
  if (pathname === '/' && !outside.endsWith('/')) return `./${outside.split('/').at(-1)}/`;
  const depth = pathname.split('/').length - 2;
  return depth > 0 ? '../'.repeat(depth) : './';
}

function baseOf(known: string, pathname: string): string {
  const { origin, pathname: outside } = new URL(known);
  return pathname !== '/' && outside.endsWith(pathname)
    ? `${origin}${outside.slice(0, -pathname.length)}`
    : origin;
}

/** Of API Gateway's events, with the stage. */
function outsidePath(event: unknown): string | undefined {
  const { path, requestContext } = (event ?? {}) as { path?: unknown; requestContext?: { path?: unknown } };
  const outside = requestContext?.path;
  return typeof path === 'string' && typeof outside === 'string' ? outside : undefined;
}

/**
 * Whether a page of this very server makes the request, as the browser says it (`Origin`) and the endpoint that has taken it:
 * the `Host` alone is whatever a name leads here, also one that an attacker has made to (DNS rebinding).
 */
export function isOwnPage(origin: string | null, { MCP_PUBLIC_URL: known }: Config, event: unknown): boolean {
  if (origin === null) return false;
  if (known && origin === new URL(known).origin) return true;
  const { requestContext } = (event ?? {}) as { requestContext?: { domainName?: unknown } };
  const domain = requestContext?.domainName;
  return typeof domain === 'string' && origin === `https://${domain}`;
}
