/** The endpoint under examination: builds MCP requests and adds the caller's credentials to them. */
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { type Exchange, exchange } from './exchange.ts';

export const MODERN = '2026-07-28';
export const LEGACY = '2025-11-25';

export interface AwsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/** Credentials of the caller. */
export type Credentials =
  | { kind: 'none' }
  | { kind: 'token'; token: string }
  | { kind: 'sigv4'; region: string; service: string; credentials: AwsCredentials };

export interface Sent {
  method?: string;
  /** Path and query, or a whole URL, from the endpoint. @default the endpoint itself */
  url?: string | URL;
  headers?: Record<string, string>;
  body?: string;
  /** @default the caller's */
  credentials?: Credentials;
}

export class Target {
  readonly url: URL;
  readonly credentials: Credentials;
  readonly timeoutMs: number;

  constructor(url: URL, credentials: Credentials, timeoutMs: number) {
    this.url = url;
    this.credentials = credentials;
    this.timeoutMs = timeoutMs;
  }

  async send({
    method = 'POST',
    url,
    headers = {},
    body,
    credentials = this.credentials,
  }: Sent): Promise<Exchange> {
    const to = new URL(url ?? this.url, this.url);
    // Credentials are sent only to the origin of the endpoint, not to other servers that it names.
    const shown = to.origin === this.url.origin ? credentials : NO_CREDENTIALS;
    const plain = { accept: ACCEPT, 'user-agent': 'mcp-on-lambda-doctor', ...headers };
    return exchange({
      url: to,
      method,
      headers: await withCredentials(shown, method, to, plain, body),
      body,
      timeoutMs: this.timeoutMs,
    });
  }

  /** Sends a request of revision 2026-07-28. `sent.headers` override its headers. */
  modern(method: string, params: object = {}, { headers, ...sent }: Sent = {}): Promise<Exchange> {
    const { name } = params as { name?: string };
    return this.send({
      ...sent,
      headers: {
        'content-type': 'application/json',
        'mcp-protocol-version': MODERN,
        'mcp-method': method,
        ...(name && { 'mcp-name': name }),
        ...headers,
      },
      body: modernBody(method, params),
    });
  }

  /** `fetch` for the SDK's clients: with the caller's credentials. */
  readonly fetch = async (input: string | URL, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(input);
    const { method = 'GET', body } = init;
    const headers = Object.fromEntries(new Headers(init.headers));
    const text = typeof body === 'string' ? body : undefined;
    return fetch(url, {
      ...init,
      headers: await withCredentials(this.credentials, method, url, headers, text),
      redirect: 'manual',
    });
  };
}

export const NO_CREDENTIALS: Credentials = { kind: 'none' };

const ACCEPT = 'application/json, text/event-stream';

export function modernBody(method: string, params: object = {}, revision = MODERN): string {
  const { _meta, ...rest } = params as { _meta?: object };
  return JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method,
    params: {
      _meta: {
        'io.modelcontextprotocol/protocolVersion': revision,
        'io.modelcontextprotocol/clientInfo': { name: 'mcp-on-lambda-doctor', version: '0.1.0' },
        'io.modelcontextprotocol/clientCapabilities': {},
        ..._meta,
      },
      ...rest,
    },
  });
}

async function withCredentials(
  credentials: Credentials,
  method: string,
  url: URL,
  headers: Record<string, string>,
  body: string | undefined,
): Promise<Record<string, string>> {
  switch (credentials.kind) {
    case 'none':
      return headers;
    case 'token':
      return { ...headers, authorization: `Bearer ${credentials.token}` };
    case 'sigv4':
      return signed(credentials, method, url, headers, body);
  }
}

/** https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html: Signature Version 4 for the service `lambda`,
 * or `execute-api` for API Gateway: https://docs.aws.amazon.com/apigateway/latest/developerguide/permissions.html */
async function signed(
  { region, service, credentials }: Extract<Credentials, { kind: 'sigv4' }>,
  method: string,
  url: URL,
  headers: Record<string, string>,
  body: string | undefined,
): Promise<Record<string, string>> {
  const signer = new SignatureV4({ credentials, region, service, sha256: Sha256 });
  // Headers that the connection adds or changes must not be signed; the headers of MCP may be.
  const { connection: _, 'content-length': __, ...stable } = headers;
  const request = await signer.sign({
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port && { port: Number(url.port) }),
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: { ...stable, host: url.host },
    body,
  });
  return request.headers;
}
