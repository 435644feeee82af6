/**
 * Data about a request from the endpoint in front of the function (Function URL, API Gateway, load balancer). The adapter computes
 * it once per request; auth, page and metadata read it. The endpoint writes `requestContext`, so it can be trusted; a caller can
 * send any header.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
 */
import { type Fields, fields, text } from './json-fields.ts';

/** Identities that the endpoint has verified. */
export interface EndpointIdentity {
  /** The IAM principal that signed the request. */
  iam?: { arn: string; subject: string | undefined } | undefined;
  /** The result of an API Gateway authorizer: `jwt`, `lambda`, Cognito's `claims`, or a REST API authorizer's context. */
  authorizer?: Fields | undefined;
}

export interface EndpointContext {
  /** URL at which clients reach `/` of this app, without a trailing slash: origin and, for example, the stage of a REST API. */
  baseUrl: string;
  /** The path as the caller sent it, including a stage, which the app does not see. */
  callerPath: string;
  /** The host name that the endpoint put into the event; undefined if only the Host header has it (load balancer, no Lambda). */
  domainName: string | undefined;
  identity: EndpointIdentity;
  /** The IP address that called the endpoint: of the client, or of a proxy in front such as CloudFront. */
  sourceAddress: string | undefined;
  /** Whether a binary body reaches the caller as bytes; a REST API decodes base64 only for the types in its configuration. */
  binaryBodies: boolean;
  /** Set if MCP_PUBLIC_URL is. */
  main?: PublicServer;
}

/** An MCP server whose public URL is configured (MCP_PUBLIC_URL): the first one that is mounted. */
export interface PublicServer {
  path: string;
  url: string;
}

/** Computes the context of a request. `event` is the validated Lambda event; undefined outside Lambda (`npm run dev`). */
export function endpointContext(request: Request, event?: unknown): EndpointContext {
  const { pathname, host, protocol } = new URL(request.url);
  const { path, rawPath, httpMethod, requestContext } = fields(event);
  const context = fields(requestContext);
  const domainName = text(context.domainName);
  const restPath = text(path) === undefined ? undefined : text(context.path);
  const callerPath = restPath ?? text(rawPath) ?? pathname;
  const origin = `${schemeOf(request.headers, protocol)}://${authorityOf(domainName, hostOf(request.headers) ?? host)}`;
  return {
    baseUrl: `${origin}${prefixOf(callerPath, pathname)}`,
    callerPath,
    domainName,
    identity: identityOf(context),
    sourceAddress: sourceAddressOf(context, request.headers),
    binaryBodies: typeof httpMethod !== 'string',
  };
}

/** Returns the URL of the MCP server at `path`, which is its OAuth resource identifier (RFC 8707). */
export function resourceUrl({ baseUrl, main }: EndpointContext, path: string): string {
  if (main && (path === main.path || path === new URL(main.url).pathname)) return main.url;
  return `${baseUrl}${path === '/' ? '' : path}`;
}

/** Returns the client_id of the server's own page at the OAuth proxy; `baseUrl` is as in {@link EndpointContext}. */
export function pageClientId(baseUrl: string): string {
  return `${baseUrl}/_page/client`;
}

/** Returns the context with the base URL that MCP_PUBLIC_URL implies: what precedes the path of the first MCP server. */
export function withPublicUrl(endpoint: EndpointContext, main: PublicServer | undefined): EndpointContext {
  if (!main) return endpoint;
  const { origin, pathname } = new URL(main.url);
  return { ...endpoint, main, baseUrl: `${origin}${prefixOf(pathname, main.path)}` };
}

/**
 * Returns whether `origin` is this server's own, by MCP_PUBLIC_URL or the endpoint's domain name. The Host header is not used,
 * because of DNS rebinding.
 */
export function isOwnOrigin(
  origin: string,
  endpoint: EndpointContext,
  publicUrl: string | undefined,
): boolean {
  if (publicUrl !== undefined && origin === new URL(publicUrl).origin) return true;
  return endpoint.domainName !== undefined && origin === `https://${endpoint.domainName}`;
}

/** Returns the scheme by X-Forwarded-Proto, which the endpoint sets; a proxy in front may pass on the caller's value. */
function schemeOf(headers: Headers, protocol: string): string {
  const forwarded = headers.get('x-forwarded-proto')?.toLowerCase();
  return forwarded === 'http' || forwarded === 'https' ? forwarded : protocol.slice(0, -1);
}

/** Returns the endpoint's domain name; if the Host header has the same name, with its port (the local Lambda). */
function authorityOf(domainName: string | undefined, host: string): string {
  return domainName === undefined || host.startsWith(`${domainName}:`) ? host : domainName;
}

/** Returns the Host header if it is a host with an optional port (RFC 9110 section 7.2); else undefined. */
function hostOf(headers: Headers): string | undefined {
  const host = headers.get('host') ?? '';
  return /^(?:\[[\da-f:.]{2,45}\]|[\w.-]{1,253})(?::\d{1,5})?$/i.test(host) ? host : undefined;
}

function identityOf(context: Fields): EndpointIdentity {
  const authorizer = context.authorizer === undefined ? undefined : fields(context.authorizer);
  const iam = fields(authorizer?.iam);
  const identity = fields(context.identity);
  const arn = text(iam.userArn) ?? text(identity.userArn);
  return {
    iam: arn === undefined ? undefined : { arn, subject: text(iam.userId) ?? text(identity.user) },
    authorizer,
  };
}

/** Returns the caller's address. A load balancer appends it to X-Forwarded-For; the caller can forge the entries before it. */
function sourceAddressOf(context: Fields, headers: Headers): string | undefined {
  const address = text(fields(context.http).sourceIp) ?? text(fields(context.identity).sourceIp);
  if (address !== undefined || context.elb === undefined) return address;
  return headers.get('x-forwarded-for')?.split(',').at(-1)?.trim();
}

/** Returns what `full` has before `path`; an empty string if `full` does not end with it. */
function prefixOf(full: string, path: string): string {
  return full.endsWith(path) ? full.slice(0, -path.length) : '';
}
