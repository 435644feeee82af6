/** Checks whether OAuth clients find the authorization server: RFC 9728, then RFC 8414 or OpenID Connect Discovery. */
import { type Check, type Finding, failed, ok, skipped, warning } from './check.ts';
import { type Exchange, header, messages } from './exchange.ts';
import { NO_CREDENTIALS, type Target } from './target.ts';

interface ResourceMetadata {
  resource?: string;
  authorization_servers?: string[];
}

interface ServerMetadata {
  issuer?: string;
  jwks_uri?: string;
  code_challenge_methods_supported?: string[];
  registration_endpoint?: string;
  authorization_endpoint?: string;
  client_id_metadata_document_supported?: boolean;
}

export const oauthDiscovery: Check = {
  id: 'oauth',
  title: 'OAuth clients find the authorization server',
  needs: ['reachable'],
  async run(target) {
    const { pathname } = target.url;
    const led = await ledTo(target);
    if (led) return resourceMetadata(target, led);
    const paths = [`${RESOURCE}${pathname === '/' ? '' : pathname}`, RESOURCE];
    const exchanges = await Promise.all(
      paths.map(url => target.send({ method: 'GET', url, credentials: NO_CREDENTIALS })),
    );
    if (exchanges.every(({ status }) => [401, 403, 404].includes(status)))
      return (await belowStage(target)) ?? skipped('This server does not use OAuth.');
    const absent = paths.filter((_path, at) => exchanges[at]?.status !== 200);
    if (absent.length > 0)
      return failed(
        `No metadata at ${absent.join(' and ')}.`,
        'Both paths must reach the server without credentials: behind a Function URL, clients can find the issuer only there.',
      );
    return judgedResource(target, exchanges[0]);
  },
};

/** Returns the URL in WWW-Authenticate, if the header is not renamed. RFC 9728 section 5.1. */
async function ledTo(target: Target): Promise<URL | undefined> {
  const challenge = await target.modern('tools/list', {}, { credentials: NO_CREDENTIALS });
  const [, url] = /resource_metadata="([^"]+)"/.exec(header(challenge, 'www-authenticate') ?? '') ?? [];
  return (url && URL.parse(url)) || undefined;
}

async function resourceMetadata(target: Target, url: URL): Promise<Finding> {
  const exchange = await target.send({ method: 'GET', url, credentials: NO_CREDENTIALS });
  if (exchange.status === 200) return judgedResource(target, exchange);
  return failed(
    `WWW-Authenticate contains ${url}, which returns ${exchange.status}.`,
    'With an authorizer /.well-known must need no credentials, and WWW-Authenticate must contain the URL that clients use.',
  );
}

/** Returns a finding if the metadata is below the stage, where clients do not look. */
async function belowStage(target: Target): Promise<Finding | undefined> {
  const [, stage, rest = ''] = /^\/([^/]+)(\/.*)?$/.exec(target.url.pathname) ?? [];
  if (!stage) return undefined;
  const place = `/${stage}${RESOURCE}${rest}`;
  const exchange = await target.send({ method: 'GET', url: place, credentials: NO_CREDENTIALS });
  if (exchange.status !== 200 || !json<ResourceMetadata>(exchange)?.resource) return undefined;
  return failed(
    `The metadata is at ${place}, below the stage, where clients do not look.`,
    'A stage in the path hides the well-known paths: set domain_name, or authorizer = "lambda", whose 401 responses contain the URL of the metadata.',
  );
}

async function judgedResource(target: Target, exchange: Exchange | undefined): Promise<Finding> {
  const metadata = json<ResourceMetadata>(exchange);
  if (metadata?.resource !== target.url.href) {
    return failed(
      `The metadata is for ${metadata?.resource}, not for ${target.url.href}; clients reject it.`,
      'Set public_url (MCP_PUBLIC_URL) to the URL that clients use, and run the doctor with that URL.',
    );
  }
  const [issuer] = metadata.authorization_servers ?? [];
  if (!issuer) return failed('The metadata names no authorization server.', 'Set MCP_OAUTH_ISSUER.');
  return authorizationServer(target, new URL(issuer), issuer);
}

const RESOURCE = '/.well-known/oauth-protected-resource';

/** RFC 8414 section 3, OpenID Connect Discovery section 4, in the order of MCP's authorization specification. */
async function authorizationServer(target: Target, url: URL, issuer: string): Promise<Finding> {
  const path = url.pathname.replace(/\/$/, '');
  const places = [
    `/.well-known/oauth-authorization-server${path}`,
    `/.well-known/openid-configuration${path}`,
    `${path}/.well-known/openid-configuration`,
  ];
  for (const place of places) {
    const exchange = await target.send({
      method: 'GET',
      url: new URL(place, url),
      credentials: NO_CREDENTIALS,
    });
    const metadata = exchange.status === 200 ? json<ServerMetadata>(exchange) : undefined;
    if (metadata) return judged(target, metadata, issuer);
  }
  return failed(
    `${issuer} publishes no metadata.`,
    'Is the issuer spelled exactly as in its tokens? See ISSUER/.well-known/openid-configuration.',
  );
}

async function judged(target: Target, metadata: ServerMetadata, issuer: string): Promise<Finding> {
  if (metadata.issuer !== issuer)
    return failed(
      `The metadata of ${issuer} names another issuer, ${metadata.issuer}.`,
      'Set MCP_OAUTH_ISSUER to the issuer exactly as in its metadata, including a slash at its end.',
    );
  // An OAuth proxy verifies its tokens itself and publishes no keys (app/framework/oauth-proxy).
  if (new URL(issuer).origin === target.url.origin && metadata.jwks_uri === undefined)
    return judgedProxy(target, metadata, issuer);
  const keys = metadata.jwks_uri
    ? await target.send({ method: 'GET', url: metadata.jwks_uri, credentials: NO_CREDENTIALS })
    : undefined;
  if (!json<{ keys?: unknown[] }>(keys)?.keys?.length)
    return failed(
      `There are no keys at ${metadata.jwks_uri}.`,
      'Without keys the server cannot check tokens.',
    );
  if (!metadata.code_challenge_methods_supported?.includes('S256')) {
    return warning(
      `The metadata of ${issuer} does not list PKCE (S256).`,
      'MCP clients do not sign in if code_challenge_methods_supported is missing (Entra ID and Cognito omit it although they support PKCE). Use sign_in, whose OAuth proxy publishes it, or register the client by hand.',
    );
  }
  const registration = metadata.registration_endpoint
    ? 'clients can register themselves'
    : 'clients must be registered beforehand';
  return ok(`${issuer}: metadata, keys and PKCE; ${registration}.`);
}

/** Checks the OAuth proxy of the server: registration of clients, and the denial of invalid requests. */
async function judgedProxy(target: Target, metadata: ServerMetadata, issuer: string): Promise<Finding> {
  if (
    !metadata.client_id_metadata_document_supported ||
    !metadata.code_challenge_methods_supported?.includes('S256')
  )
    return failed(
      `${issuer} does not offer client metadata documents with PKCE (S256).`,
      'Does every request for its paths reach this server?',
    );
  if (!metadata.registration_endpoint)
    return ok(`${issuer}: an OAuth proxy; clients need a metadata document, registration is off.`);
  const redirectUri = 'https://doctor.invalid/callback';
  const registered = await target.send({
    url: metadata.registration_endpoint,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_name: 'doctor', redirect_uris: [redirectUri] }),
    credentials: NO_CREDENTIALS,
  });
  const clientId = json<{ client_id?: string }>(registered)?.client_id;
  if (registered.status !== 201 || !clientId)
    return failed(
      `Registration returned ${registered.status}.`,
      'MCP_OAUTH_ALLOWED_CLIENTS may exclude the doctor; otherwise see the log of the function.',
    );
  const authorize = (parameters: Record<string, string>): Promise<Exchange> => {
    const all = { client_id: clientId, redirect_uri: redirectUri, response_type: 'code', ...parameters };
    const url = `${metadata.authorization_endpoint}?${new URLSearchParams(all)}`;
    return target.send({ method: 'GET', url, credentials: NO_CREDENTIALS });
  };
  const challenge = { code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' };
  const foreign = await authorize({ ...challenge, redirect_uri: 'https://other.invalid/callback' });
  const plain = await authorize({ ...challenge, code_challenge_method: 'plain' });
  const begun = await authorize(challenge);
  if (foreign.status !== 400)
    return failed(
      `A foreign redirect address gets ${foreign.status}, not 400.`,
      'Do not use this deployment.',
    );
  const redirectedError = header(plain, 'location')?.startsWith(`${redirectUri}?error=invalid_request`);
  // The proxy redirects the error to the client only if an allow-list names the clients; otherwise it shows a page.
  if (plain.status !== 400 && !redirectedError)
    return failed(`Plain PKCE is not rejected (${plain.status}).`, 'Do not use this deployment.');
  const to = URL.parse(header(begun, 'location') ?? '');
  if (to?.searchParams.get('redirect_uri') !== `${issuer}/callback`)
    return failed(
      `A sign-in does not start: ${to?.searchParams.get('error_description') ?? begun.status}.`,
      'Check MCP_OAUTH_ISSUER and MCP_OAUTH_CLIENT_ID; the log of the function has the reason.',
    );
  return ok(
    `${issuer}: an OAuth proxy in front of ${to.origin}; clients have a metadata document or register; plain PKCE and foreign redirects are rejected.`,
  );
}

function json<T>(exchange: Exchange | undefined): T | undefined {
  return exchange && (messages(exchange)[0] as T | undefined);
}
