/**
 * The page itself, and the files it is made of. Loaded by the first request for it; in the build a module of its own
 * (page.mjs), so that no MCP request pays for it.
 *
 * Everything is escaped by hono/html. No script and no style is inline, and nothing is asked of anybody else, which the
 * Content-Security-Policy holds the browser to.
 */
import { html } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import type { Config } from '../config.ts';
import { type EndpointContext, pageClientId, resourceUrl } from '../endpoint-context.ts';
import { appFrameResponse } from './app-frame.ts';
import { fileResponse as builtFile, folder, type PageFiles, pageFiles } from './files.ts';
import { type InstallLink, type InstallText, installLinks, installTexts, serverNameOf } from './install.ts';
import { relativeRoot } from './relative-root.ts';

export interface View {
  endpoint: EndpointContext;
  /** The path of the page: of an MCP server, or `/`. */
  path: string;
  /** Of all MCP servers. */
  paths: readonly string[];
  settings: Config;
}

/** Returns what is at `name` below `_page/`; undefined if nothing is. */
export async function fileResponse(
  name: string,
  request: Request,
  endpoint: EndpointContext,
): Promise<Response | undefined> {
  return name === 'app-frame' ? appFrameResponse(request, folder) : builtFile(name, request, endpoint);
}

type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

export async function pageResponse(view: View): Promise<Response> {
  const files = await pageFiles();
  return new Response(String(await document(view, files)), {
    headers: { ...SECURITY, ...policy(view.settings), 'content-type': 'text/html; charset=utf-8' },
  });
}

/** Not `same-origin` for openers: the sign-in is in a window of its own, which closes itself. */
const SECURITY = {
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin-allow-popups',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'referrer-policy': 'no-referrer',
  vary: 'accept',
  'x-content-type-options': 'nosniff',
};

/** https://www.w3.org/TR/CSP3/. The page's script calls the issuer of tokens, unless the OAuth proxy does. */
function policy({
  MCP_AUTH: modes,
  MCP_OAUTH_ISSUER: issuer,
  MCP_OAUTH_PROXY: proxy,
}: Config): Record<string, string> {
  const asked =
    issuer && proxy === 'off' && modes.some(mode => mode === 'oauth' || mode === 'authorizer')
      ? ` ${new URL(issuer).origin}`
      : '';
  const rules = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    // Images that a tool gives are in its result.
    "img-src 'self' data:",
    'media-src data:',
    `connect-src 'self'${asked}`,
    // The sandboxed frame of an MCP App, which has a policy of its own.
    "frame-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return { 'content-security-policy': rules.join('; ') };
}

function document(view: View, files: PageFiles): Html {
  const { paths } = view;
  const path = paths.includes(view.path) ? view.path : paths[0];
  const root = rootOf(view);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${path ? `MCP server ${serverNameOf(path, paths.length === 1)}` : 'No MCP server'}</title>
<link rel="icon" href="${root}_page/${files.icon}">
<link rel="stylesheet" href="${root}_page/${files.style}">
${files.preload.map(name => html`<link rel="modulepreload" href="${root}_page/${name}">`)}
<script type="module" src="${root}_page/${files.script}"></script>
</head>
<body>
<a class="skip" href="#try">Skip to the tools</a>
${path ? server(view, path) : nothingMounted()}
</body>
</html>`;
}

function nothingMounted(): Html {
  return html`<main><h1>No MCP server is mounted here</h1>
<p>Add one in app/routes.ts: <code>.route('/mcp', mcp(server))</code>.</p></main>`;
}

function server(view: View, path: string): Html {
  const { endpoint, paths, settings } = view;
  const url = resourceUrl(endpoint, path);
  const name = serverNameOf(path, paths.length === 1);
  const modes = settings.MCP_AUTH;
  const install = { name, url, needsToken: modes.includes('token') };
  return html`<header class="top">
<div class="wide">
<p class="kind">MCP server</p>
<h1 id="server-name">${name}</h1>
<p id="server-about" class="about">Connect a client, or try the tools right here.</p>
<p class="endpoint"><code id="endpoint">${url}</code> <button type="button" class="copy" data-copies="endpoint">Copy<span class="hidden"> the URL</span></button></p>
${paths.length > 1 ? others(view, path) : ''}
</div>
</header>
<main class="wide" id="main" data-endpoint="${rootOf(view)}${path.slice(1)}" data-auth="${authKind(settings)}" data-issuer="${modes.includes('oauth') || modes.includes('authorizer') ? (settings.MCP_OAUTH_ISSUER ?? '') : ''}" data-client="${settings.MCP_OAUTH_PROXY === 'on' ? pageClientId(endpoint.baseUrl) : ''}">
<section id="try" aria-labelledby="try-title" tabindex="-1">
<h2 id="try-title">Try it</h2>
<noscript><p class="notice">The console needs JavaScript. Everything under Connect works without.</p></noscript>
<div id="console"></div>
</section>
<section aria-labelledby="connect-title">
<h2 id="connect-title">Connect</h2>
<p class="hint">With one click:</p>
<ul class="links">${installLinks(install).map(linkItem)}</ul>
<p class="hint">By hand:</p>
<div class="texts">${installTexts(install).map(textItem)}</div>
</section>
</main>
<footer class="wide"><p>Served by a function that runs only while it is asked. <code>MCP_PAGE=off</code> turns this page off; the MCP endpoint stays.</p></footer>`;
}

function others(view: View, current: string): Html {
  const root = rootOf(view);
  return html`<nav aria-label="Servers"><ul>${view.paths.map(
    path =>
      html`<li><a href="${root}${path.slice(1)}" ${path === current ? html`aria-current="page"` : ''}>${path}</a></li>`,
  )}</ul></nav>`;
}

function linkItem({ client, href }: InstallLink): Html {
  return html`<li><a class="install" data-client="${client}" href="${href}"><span class="hidden">Add to </span>${client}</a></li>`;
}

function textItem({ client, how, text }: InstallText): Html {
  const id = `install-${client.toLowerCase().replaceAll(/\W+/g, '-')}`;
  return html`<details name="install"><summary>${client}</summary>
<p>${how}</p>
<div class="copied"><pre tabindex="0"><code id="${id}">${text}</code></pre><button type="button" class="copy" data-copies="${id}">Copy<span class="hidden"> for ${client}</span></button></div>
</details>`;
}

/** What the visitor has to bring, for the console's words. */
function authKind({ MCP_AUTH: modes }: Config): string {
  return modes.length === 0 ? 'closed' : modes.join(' ');
}

function rootOf({ endpoint, path }: View): string {
  return relativeRoot(path, endpoint.callerPath);
}
