/**
 * The page and its files. The first request for the page loads this module, which is a separate file of the build (page.mjs), so that
 * MCP requests do not pay for it.
 *
 * hono/html escapes all values. The Content-Security-Policy allows no inline scripts or styles and no other hosts.
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
  /** The paths of all MCP servers. */
  paths: readonly string[];
  settings: Config;
}

/** Returns the file at `name` below `_page/`; undefined if there is none. */
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

/** Openers: not `same-origin`, because sign-in uses a separate window, which closes itself. */
const SECURITY = {
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin-allow-popups',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'referrer-policy': 'no-referrer',
  vary: 'accept',
  'x-content-type-options': 'nosniff',
};

/** Returns the policy (https://www.w3.org/TR/CSP3/). The page's script calls the issuer of tokens, unless the OAuth proxy does. */
function policy({
  MCP_AUTH: modes,
  MCP_OAUTH_ISSUER: issuer,
  MCP_OAUTH_PROXY: proxy,
}: Config): Record<string, string> {
  const issuerSource =
    issuer && proxy === 'off' && modes.some(mode => mode === 'oauth' || mode === 'authorizer')
      ? ` ${new URL(issuer).origin}`
      : '';
  const rules = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    // Images of tools are in their results, as data URLs.
    "img-src 'self' data:",
    'media-src data:',
    `connect-src 'self'${issuerSource}`,
    // The sandboxed frame of an MCP App, which has its own policy.
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
<p id="server-about" class="about">Connect a client, or try the tools on this page.</p>
<p class="endpoint"><code id="endpoint">${url}</code> <button type="button" class="copy" data-copies="endpoint">Copy<span class="hidden"> the URL</span></button></p>
${paths.length > 1 ? others(view, path) : ''}
</div>
</header>
<main class="wide" id="main" data-endpoint="${rootOf(view)}${path.slice(1)}" data-auth="${authKind(settings)}" data-issuer="${modes.includes('oauth') || modes.includes('authorizer') ? (settings.MCP_OAUTH_ISSUER ?? '') : ''}" data-client="${settings.MCP_OAUTH_PROXY === 'on' ? pageClientId(endpoint.baseUrl) : ''}">
<section id="try" aria-labelledby="try-title" tabindex="-1">
<h2 id="try-title">Try it</h2>
<noscript><p class="notice">The console needs JavaScript. The section Connect works without it.</p></noscript>
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
<footer class="wide"><p>This page is served by the function. <code>MCP_PAGE=off</code> disables the page; the MCP endpoint stays.</p></footer>`;
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

/** Returns the authentication methods, for the console. */
function authKind({ MCP_AUTH: modes }: Config): string {
  return modes.length === 0 ? 'closed' : modes.join(' ');
}

function rootOf({ endpoint, path }: View): string {
  return relativeRoot(path, endpoint.callerPath);
}
