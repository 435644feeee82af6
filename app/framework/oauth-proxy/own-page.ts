/** The server's own page (app/framework/page) as a client, which needs neither a registration nor a metadata document. */
import { pageClientId } from '../endpoint-context.ts';
import type { OAuthClient } from './clients.ts';
import type { Parameters } from './parameters.ts';
import type { OAuthProxy, ProxyRequest } from './proxy.ts';

/** Returns the client if a request is from the page; undefined otherwise. Its redirect addresses are the URLs of the page. */
export function ownPage(
  { settings }: OAuthProxy,
  { issuer, resourceOf }: ProxyRequest,
  { client_id: id, redirect_uri: uri }: Parameters,
): OAuthClient | undefined {
  if (settings.MCP_PAGE === 'off' || id === undefined || id !== pageClientId(issuer)) return undefined;
  const isPage = uri !== undefined && (uri === `${issuer}/` || uri === resourceOf(uri));
  return {
    id,
    name: 'The page of this MCP server',
    host: new URL(issuer).host,
    redirectUris: isPage ? [uri] : [],
    authMethod: 'none',
    keys: undefined,
  };
}
