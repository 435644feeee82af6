/** Types that the endpoints of the proxy share: its parts, and the data of a request. */
import type { Config } from '../config.ts';
import type { Clients } from './clients.ts';
import type { DocumentAccess } from './fetch-document.ts';
import type { Provider } from './provider.ts';
import type { Records } from './records.ts';
import type { Sealer } from './seal.ts';

export interface ProxyOptions {
  settings: () => Config;
  /** Paths of the MCP servers, in the order in which they are mounted. */
  paths: readonly string[];
  /** Access to documents of clients; replaced by tests, which have no public addresses. */
  documentAccess?: DocumentAccess | undefined;
}

export interface OAuthProxy {
  settings: Config;
  clients: Clients;
  provider: Provider;
  records: Records;
  sealer: Sealer;
}

/** A request to one of the endpoints. */
export interface ProxyRequest {
  request: Request;
  url: URL;
  /** This server's issuer identifier: its public base URL, without a trailing slash. */
  issuer: string;
  /** Returns the resource identifier of the MCP server that `resource` names, the first one by default. */
  resourceOf(resource: string | undefined): string | undefined;
}

export type ProxyEndpoint = (proxy: OAuthProxy, call: ProxyRequest) => Promise<Response>;

/** Logs one line about a sign-in or a denied request, without codes, tokens and secrets. */
export function logSignIn(event: string, fields: Record<string, string | undefined>): void {
  console.info(JSON.stringify({ type: 'sign_in', event, ...fields }));
}
