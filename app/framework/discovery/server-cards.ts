/**
 * `serverCards({ '/weather': card })`: publishes descriptions of MCP servers for clients and catalogs that have not connected yet. A
 * server card is at `<URL of the server>/server-card`, a list of all of them at `/.well-known/ai-catalog.json`. They are published
 * only if app/routes.ts mounts them, and contain no tools.
 *
 * SEP-2127, https://github.com/modelcontextprotocol/experimental-ext-server-card/blob/main/docs/discovery.md
 */
import { SUPPORTED_PROTOCOL_VERSIONS } from '@modelcontextprotocol/server';
import type { Context } from 'hono';
import { Hono } from 'hono';
import { config } from '../config.ts';
import { type EndpointContext, resourceUrl } from '../endpoint-context.ts';

/** The description of a server. Use the values of the server itself: if the two differ, clients use those of the server. */
export interface ServerCard {
  /** A unique name: a domain of yours in reverse, a slash and a name, such as `com.example/weather`. At most 200 characters. */
  name: string;
  /** As in `new McpServer({ version })`: `1.0.0`, not a range. */
  version: string;
  /** What the server does, in 1 to 100 characters. */
  description: string;
  /** A name for people, in 1 to 100 characters. */
  title?: string;
  websiteUrl?: string;
  /** Location of the source code; `source` is the name of the hosting service: `github`. */
  repository?: { url: string; source: string; subfolder?: string; id?: string };
  /** As in `new McpServer({ icons })`. */
  icons?: { src: string; mimeType?: string; sizes?: string[]; theme?: 'light' | 'dark' }[];
}

interface CardEnv {
  Variables: { endpoint: EndpointContext };
}

const CARD = 'application/mcp-server-card+json';
const CATALOG = 'application/ai-catalog+json';

const HEADERS = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET',
  'access-control-allow-headers': 'Content-Type, If-None-Match',
  'access-control-expose-headers': 'ETag',
  'cache-control': 'public, max-age=3600',
  vary: 'host, x-forwarded-proto',
  'x-content-type-options': 'nosniff',
};

/**
 * Returns an app with the cards of the MCP servers at these paths, to be mounted at `/`. Throws a TypeError that lists the
 * problems of a card.
 */
export function serverCards(cards: Readonly<Record<string, ServerCard>>): Hono<CardEnv> {
  const app = new Hono<CardEnv>();
  for (const [path, card] of Object.entries(cards)) {
    check(path, card);
    app.all(
      `${path}/server-card`,
      publicDocument(CARD, endpoint => cardOf(card, resourceUrl(endpoint, path))),
    );
  }
  const catalog = (endpoint: EndpointContext) => ({
    specVersion: '1.0',
    entries: Object.entries(cards).map(([path, card]) => entryOf(card, resourceUrl(endpoint, path))),
  });
  return app.all('/.well-known/ai-catalog.json', publicDocument(CATALOG, catalog));
}

/** Returns a handler that createApp() serves to pages of every origin, before it checks Origin. */
function publicDocument(type: string, documentFor: (endpoint: EndpointContext) => object) {
  const serve = async (c: Context<CardEnv>): Promise<Response> => {
    const { method } = c.req;
    if (method === 'OPTIONS') return new Response(null, { status: 204, headers: HEADERS });
    if (method !== 'GET' && method !== 'HEAD')
      return new Response(null, { status: 405, headers: { allow: 'GET, HEAD, OPTIONS' } });
    const text = JSON.stringify(documentFor(c.get('endpoint')));
    const etag = `"${await digestOf(text)}"`;
    const headers = { ...HEADERS, etag };
    if (c.req.header('if-none-match')?.includes(etag)) return new Response(null, { status: 304, headers });
    return new Response(method === 'HEAD' ? null : text, { headers: { ...headers, 'content-type': type } });
  };
  return Object.assign(serve, { public: true });
}

async function digestOf(text: string): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(text))).toString('base64url');
}

function cardOf({ name, version, description, title, ...more }: ServerCard, url: string): object {
  const headers = config().MCP_AUTH.join() === 'token' && [TOKEN];
  return {
    $schema: 'https://static.modelcontextprotocol.io/schemas/v1/server-card.schema.json',
    name,
    version,
    description,
    title,
    ...more,
    remotes: [
      {
        type: 'streamable-http',
        url,
        ...(headers && { headers }),
        supportedProtocolVersions: ['2026-07-28', ...SUPPORTED_PROTOCOL_VERSIONS],
      },
    ],
  };
}

/** The header of a static token. For OAuth, clients discover the authorization server by themselves. */
const TOKEN = {
  name: 'Authorization',
  description: 'The token of the server.',
  isRequired: true,
  isSecret: true,
  value: 'Bearer {token}',
  variables: { token: { description: 'The token, without "Bearer".', isRequired: true, isSecret: true } },
};

/** Returns the entry of the catalog. The publisher of `com.example/weather` is example.com. */
function entryOf({ name, title }: ServerCard, url: string): object {
  const [namespace = '', id = ''] = name.split('/');
  const publisher = namespace.split('.').reverse().join('.');
  return {
    identifier: `urn:air:${publisher}:mcp:${id}`,
    displayName: title ?? id,
    type: CARD,
    url: `${url}/server-card`,
  };
}

function check(path: string, { name, version, description, title }: ServerCard): void {
  const problems = [
    !/^(\/[\w.~-]+)+$/.test(path) && 'the key must be the path of an MCP server: /weather',
    (!/^[a-z\d.-]+\/[\w.-]+$/i.test(name) || name.length > 200) &&
      'name must be a domain of yours in reverse, a slash and a name: com.example/weather',
    !(description.length >= 1 && description.length <= 100) && 'description must have 1 to 100 characters',
    title !== undefined &&
      !(title.length >= 1 && title.length <= 100) &&
      'title must have 1 to 100 characters',
    (!/^\w[\w.+-]*$/.test(version) || /\.x\b/i.test(version)) && 'version must be one version: 1.0.0',
  ].filter(problem => problem !== false);
  if (problems.length > 0) throw new TypeError(`The server card of ${path}: ${problems.join('; ')}.`);
}
