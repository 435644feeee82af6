/** What the endpoints of the proxy share: its parts, and what they know about a request. */
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
  /** How documents of clients are fetched; set by tests, which cannot have public addresses. */
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

/** Writes one line: who signed in with which client, or why a request was refused. Never a code, token or secret. */
export function logSignIn(event: string, fields: Record<string, string | undefined>): void {
  console.info(JSON.stringify({ type: 'sign_in', event, ...fields }));
}
