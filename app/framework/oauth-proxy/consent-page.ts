/**
 * The pages of the proxy: consent, and errors that must not be redirected. They have no scripts, load nothing and cannot be framed;
 * hono/html escapes all values of clients.
 */
import { createHash } from 'node:crypto';
import { html, raw } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import { canRemember } from './consent-memory.ts';
import type { OAuthRequestError } from './oauth-error.ts';
import type { Person } from './provider.ts';
import { destinationOf } from './redirect-uri.ts';
import type { Authorization } from './transaction.ts';

export interface Consent {
  authorization: Authorization;
  person: Person;
  /** URL to which the form is sent. */
  action: string;
  fields: Readonly<Record<string, string>>;
}

type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

const STYLE = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { margin: 4rem auto; max-width: 34rem; padding: 0 1rem; }
dl { display: grid; gap: .25rem 1rem; grid-template-columns: max-content 1fr; }
dt { opacity: .7; }
dd { margin: 0; overflow-wrap: anywhere; }
button { cursor: pointer; font: inherit; margin: 1rem .5rem 0 0; padding: .5rem 1.5rem; }
`;
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

export async function consentPage({ authorization, person, action, fields }: Consent): Promise<Response> {
  const { client, redirectUri, resource, scopes } = authorization;
  const host = destinationOf(redirectUri);
  const body = html`<h1>Let ${host} use this server as you?</h1>
<p>An MCP client requests to call the tools of this server on your behalf. Continue only if you have just connected it yourself.</p>
<dl>
<dt>Client</dt><dd>${client.host ?? 'not verified: it registered itself'}</dd>
<dt>Name (not verified)</dt><dd>${client.name ?? 'none'}</dd>
<dt>Redirects you to</dt><dd><strong>${redirectUri}</strong></dd>
<dt>Access to</dt><dd>${resource}${scopes.length > 0 ? ` (${scopes.join(', ')})` : ''}</dd>
<dt>Signed in as</dt><dd>${person.label}</dd>
</dl>
<form method="post" action="${action}">
${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
${canRemember(authorization) ? REMEMBER : ''}
<button name="decision" value="deny">Cancel</button>
<button name="decision" value="allow">Allow</button>
</form>`;
  // Browsers apply form-action to the redirect that follows as well.
  return page(200, 'Allow access?', body, `form-action 'self' ${sourceOf(redirectUri)}`);
}

const REMEMBER = html`<p><label><input type="checkbox" name="remember" value="on"> Do not ask again on this browser when I open it from this client</label></p>`;

export async function errorPage({ description }: OAuthRequestError): Promise<Response> {
  const body = html`<h1>Sign-in failed</h1><p>${description}</p>`;
  return page(400, 'Sign-in failed', body, "form-action 'none'");
}

async function page(status: number, title: string, body: Html, formAction: string): Promise<Response> {
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${raw(STYLE)}</style>
</head>
<body>${body}</body>
</html>`;
  const policy = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'; ${formAction}`;
  return new Response(String(await document), {
    status,
    // No Cross-Origin-Opener-Policy: it would disconnect web pages that open the sign-in in a separate window.
    headers: {
      'cache-control': 'no-store',
      'content-security-policy': policy,
      'content-type': 'text/html; charset=utf-8',
      // Not no-referrer: browsers would send `Origin: null` with the form.
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    },
  });
}

/**
 * Returns the source of a redirect address for the Content Security Policy: its origin, or its scheme, also for IPv6 addresses,
 * which policies do not support.
 */
function sourceOf(redirectUri: string): string {
  const { origin, protocol, hostname } = new URL(redirectUri);
  const hasOrigin = (protocol === 'https:' || protocol === 'http:') && !hostname.startsWith('[');
  return hasOrigin ? origin : protocol;
}
