/**
 * The frame in which the page shows an MCP App, with the Content-Security-Policy that confines it.
 *
 * The specification requires the frame on another origin than the page. A Function URL has one origin, so the policy makes
 * the frame's origin opaque (`sandbox` without `allow-same-origin`): the app has no cookies, no storage and no access to the
 * page. No directive contains 'self', so the app cannot load anything from this server.
 *
 * https://github.com/modelcontextprotocol/ext-apps/blob/main/specification/2026-01-26/apps.mdx, "Content Security Policy
 * Enforcement"
 */
import { readFile } from 'node:fs/promises';

/** Parameter of the frame's URL → the directives to which its domains are added. */
const DOMAINS = {
  connect: ['connect-src'],
  resource: ['script-src', 'style-src', 'img-src', 'font-src', 'media-src'],
  frame: ['frame-src'],
  base: ['base-uri'],
} as const;

/** Directives for all apps. */
const DIRECTIVES: Record<string, readonly string[]> = {
  'default-src': [],
  'script-src': ["'unsafe-inline'"],
  'style-src': ["'unsafe-inline'"],
  'img-src': ['data:', 'blob:'],
  'font-src': ['data:'],
  'media-src': ['data:', 'blob:'],
  'connect-src': [],
  // These also restrict an app that navigates its own frame.
  'frame-src': [],
  'base-uri': [],
  'form-action': [],
  'frame-ancestors': ["'self'"],
};

/** An origin in a policy, with an optional path: `https://*.example.com`. It contains no characters that end a directive. */
const SOURCE =
  /^(?:https?|wss?):\/\/(?:\*\.)?[a-z\d-]+(?:\.[a-z\d-]+)*(?::(?:\d{1,5}|\*))?(?:\/[\w./~%-]*)?$/i;

/** Returns the frame for the domains in the query; 400 if one is not an origin. */
export async function appFrameResponse(request: Request, folder: URL): Promise<Response> {
  const { searchParams } = new URL(request.url);
  const wrong = [...searchParams].find(([, domain]) => !SOURCE.test(domain));
  if (wrong)
    return new Response(
      `The app declares ${JSON.stringify(wrong[1])} in _meta.ui.csp, which is not an origin.`,
      {
        status: 400,
        headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
      },
    );
  const html = request.method === 'HEAD' ? null : await readFile(new URL('app-frame.html', folder), 'utf8');
  return new Response(html, {
    headers: {
      'content-security-policy': policyOf(searchParams),
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-dns-prefetch-control': 'off',
    },
  });
}

function policyOf(query: URLSearchParams): string {
  const added = (directive: string): string[] =>
    Object.entries(DOMAINS).flatMap(([name, directives]) =>
      (directives as readonly string[]).includes(directive) ? query.getAll(name) : [],
    );
  const rules = Object.entries(DIRECTIVES).map(([directive, allowed]) => {
    const sources = [...allowed, ...added(directive)];
    return `${directive} ${sources.length > 0 ? sources.join(' ') : "'none'"}`;
  });
  // Without allow-forms the browser fires no submit event; form-action prevents that forms are sent.
  return ['sandbox allow-scripts allow-forms', ...rules].join('; ');
}
