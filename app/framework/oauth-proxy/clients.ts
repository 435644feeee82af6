/**
 * Identifies clients: by a Client ID Metadata Document (the client_id is the https URL of a document that names its redirect
 * addresses), or by a registration (RFC 7591), which is stateless: the client_id is the registration itself, encrypted.
 *
 * https://datatracker.ietf.org/doc/draft-ietf-oauth-client-id-metadata-document/
 */
import type { JSONWebKeySet } from 'jose';
import { createFetchDocument, type DocumentAccess } from './fetch-document.ts';
import { OAuthRequestError } from './oauth-error.ts';
import { redirectProblem } from './redirect-uri.ts';
import { digest, type Sealer } from './seal.ts';

export interface OAuthClient {
  id: string;
  /** The name that the client gives itself; not verified. */
  name: string | undefined;
  /** The host of the client's metadata document; undefined for a registration. */
  host: string | undefined;
  redirectUris: readonly string[];
  authMethod: 'none' | 'private_key_jwt';
  keys: JSONWebKeySet | string | undefined;
}

/** Returns the name of a client in logs and access tokens: its URL, or a digest of its registration, which is too long for both. */
export function shortId({ id, host }: Pick<OAuthClient, 'id' | 'host'>): string {
  return host === undefined ? `registered-${digest(id).slice(0, 16)}` : id;
}

export interface Clients {
  /** Returns the client. Rejects with {@link OAuthRequestError}. */
  find(id: string): Promise<OAuthClient>;
  /** Registers a client and returns its id. Rejects with {@link OAuthRequestError}. */
  register(metadata: Record<string, unknown>): Promise<OAuthClient>;
  /** Returns the keys of a client with `private_key_jwt`. */
  keysOf(client: OAuthClient): Promise<JSONWebKeySet>;
}

interface Registration {
  name?: string;
  redirectUris: string[];
}

const MAX_DOCUMENT_BYTES = 5 * 1024;
const MAX_KEYS_BYTES = 20 * 1024;
const CACHE_MS = 5 * 60_000;
/** A URL that failed is not fetched again for this time, so that the proxy cannot be used to flood its host. */
const FAILURE_CACHE_MS = 30_000;
const MAX_CACHED = 200;
const MAX_REDIRECTS = 20;
const MAX_NAME = 100;
/** In characters: requests with the client_id must not exceed the limits of URLs and headers. */
const MAX_CLIENT_ID = 3_000;

export function createClients(
  sealer: Sealer,
  registration: 'on' | 'off',
  access: DocumentAccess | undefined,
): Clients {
  const fetchCached = cached(createFetchDocument(access));

  return {
    async find(id) {
      if (id.startsWith('https://')) return documentClient(id, await fetchCached(id, MAX_DOCUMENT_BYTES));
      const found = registration === 'on' ? await sealer.open<Registration>('registration', id) : undefined;
      if (!found) throw new OAuthRequestError('invalid_client', 'The client is unknown.');
      return registeredClient(id, found);
    },
    async register(metadata) {
      const name = nameOf(metadata);
      const redirectUris = redirectUrisOf(metadata, 'invalid_redirect_uri');
      const registered: Registration = { redirectUris, ...(name !== undefined && { name }) };
      const id = await sealer.seal('registration', registered);
      if (id.length > MAX_CLIENT_ID)
        throw new OAuthRequestError('invalid_client_metadata', 'The registration is too large.');
      return registeredClient(id, registered);
    },
    async keysOf({ keys }) {
      const set = typeof keys === 'string' ? await fetchCached(keys, MAX_KEYS_BYTES) : keys;
      return set as unknown as JSONWebKeySet;
    },
  };
}

function registeredClient(id: string, { name, redirectUris }: Registration): OAuthClient {
  return { id, name, host: undefined, redirectUris, authMethod: 'none', keys: undefined };
}

/** Returns why a URL is invalid. Section 3: https, with a path, without fragment, user name or dot segments, in normalized form. */
function documentUrlProblem(id: string): string | undefined {
  if (!URL.canParse(id)) return 'its URL is malformed';
  const { href, protocol, pathname, username, password } = new URL(id);
  if (protocol !== 'https:') return 'its URL is not https';
  if (href !== id || id.includes('#') || username !== '' || password !== '')
    return 'its URL is not in the required form';
  return pathname === '/' ? 'its URL has no path' : undefined;
}

function documentClient(id: string, document: Record<string, unknown>): OAuthClient {
  const refuse = (reason: string): OAuthRequestError =>
    new OAuthRequestError('invalid_client', `The client's metadata document cannot be used: ${reason}.`);
  if (document.client_id !== id) throw refuse('its client_id is not its URL');
  if ('client_secret' in document) throw refuse('it has a client_secret');
  const method = document.token_endpoint_auth_method ?? 'none';
  if (method !== 'none' && method !== 'private_key_jwt')
    throw refuse('its token_endpoint_auth_method must be none or private_key_jwt');
  const keys = document.jwks_uri ?? document.jwks;
  if (method === 'private_key_jwt' && !isKeys(keys)) throw refuse('it has no jwks and no https jwks_uri');
  const client = { id, name: nameOf(document), host: new URL(id).host, authMethod: method } as const;
  const redirectUris = redirectUrisOf(document, 'invalid_client');
  return { ...client, redirectUris, keys: keys as OAuthClient['keys'] };
}

function isKeys(keys: unknown): boolean {
  if (typeof keys === 'string') return documentUrlProblem(keys) === undefined;
  return typeof keys === 'object' && keys !== null && Array.isArray((keys as { keys?: unknown }).keys);
}

function redirectUrisOf(
  { redirect_uris: uris }: Record<string, unknown>,
  code: 'invalid_client' | 'invalid_redirect_uri',
): string[] {
  if (!Array.isArray(uris) || uris.length === 0 || uris.length > MAX_REDIRECTS)
    throw new OAuthRequestError(code, `redirect_uris must be a list of 1 to ${MAX_REDIRECTS}.`);
  for (const uri of uris) {
    const problem = typeof uri === 'string' ? redirectProblem(uri) : 'is not a string';
    if (problem) throw new OAuthRequestError(code, `A redirect address ${problem}.`);
  }
  return uris;
}

/** Returns the name, shortened, without characters that could change direction or lines of the text around it. */
function nameOf({ client_name: name }: Record<string, unknown>): string | undefined {
  if (typeof name !== 'string') return undefined;
  const readable = name.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '').trim();
  return readable.slice(0, MAX_NAME) || undefined;
}

/** Returns a fetch that caches documents and failures, up to MAX_CACHED entries. */
function cached(fetchDocument: ReturnType<typeof createFetchDocument>) {
  const cache = new Map<string, { document: Promise<Record<string, unknown>>; until: number }>();

  return async function fetchCached(url: string, maxBytes: number): Promise<Record<string, unknown>> {
    const problem = documentUrlProblem(url);
    if (problem) throw unusable(problem);
    const known = cache.get(url);
    if (known && Date.now() < known.until) return known.document;
    const [oldest] = cache.keys();
    if (cache.size >= MAX_CACHED && oldest !== undefined) cache.delete(oldest);
    const entry = {
      until: Date.now() + CACHE_MS,
      document: fetchDocument(url, maxBytes).catch(error => {
        entry.until = Date.now() + FAILURE_CACHE_MS;
        throw unusable((error as Error).message, error);
      }),
    };
    cache.set(url, entry);
    return entry.document;
  };
}

/**
 * Returns an error whose description is the same for every reason, so that the proxy cannot be used to scan networks; the log has
 * the reason.
 */
function unusable(reason: string, cause?: unknown): OAuthRequestError {
  return new OAuthRequestError(
    'invalid_client',
    "The client's metadata document cannot be fetched.",
    `The client's metadata document cannot be used: ${reason}.`,
    { cause },
  );
}
