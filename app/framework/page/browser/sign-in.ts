/**
 * Sign-in by OAuth: the authorization code flow with PKCE, by the SDK's client, in a separate window. The issuer redirects that
 * window to this page, which passes the code to the first window and closes. Code verifier, client and tokens are in memory only.
 *
 * MCP 2026-07-28, authorization; RFC 7636, RFC 8252 section 8, RFC 9207.
 */
import {
  type AuthProvider,
  auth,
  type OAuthClientProvider,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
} from '@modelcontextprotocol/client';

const CHANNEL = 'mcp-page-sign-in';
/** Timeout of a sign-in, in milliseconds. */
const PATIENCE_MS = 5 * 60_000;

/** Passes the issuer's response to the first window and closes this one. Returns false if this is not a redirect of an issuer. */
export function handOver(): boolean {
  const { search, pathname, origin } = location;
  const parameters = new URLSearchParams(search);
  if (!parameters.has('state') || !(parameters.has('code') || parameters.has('error'))) return false;
  history.replaceState(null, '', `${origin}${pathname}`);
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage(search);
  channel.close();
  window.close();
  return true;
}

/** Returns credentials. Rejects with an Error whose message is for the visitor. Call it in the handler of a click. */
export async function signIn(endpoint: URL, clientId: string, issuer: string): Promise<AuthProvider> {
  // Opened now, while the click permits it; the URL is known only after requests to the issuer.
  const popup = window.open('about:blank', '', 'popup,width=520,height=720');
  if (!popup)
    throw new Error('The browser blocked the sign-in window. Allow pop-ups for this page and try again.');
  const memory = new Memory(clientId, url => {
    popup.location.href = url.href;
  });
  try {
    if ((await auth(memory, { serverUrl: endpoint })) !== 'AUTHORIZED') {
      const response = await responseFor(memory.expectedState);
      const code = response.get('code');
      if (!code)
        throw new Error(
          response.get('error_description') ?? response.get('error') ?? 'the issuer returned no code',
        );
      const iss = response.get('iss');
      await auth(memory, { serverUrl: endpoint, authorizationCode: code, ...(iss && { iss }) });
    }
  } catch (error) {
    popup.close();
    throw new Error(problemOf(error, issuer), { cause: error });
  }
  return { token: async () => (await memory.tokens())?.access_token };
}

function responseFor(state: string): Promise<URLSearchParams> {
  return new Promise((resolve, reject) => {
    const channel = new BroadcastChannel(CHANNEL);
    const over = (): void => {
      clearTimeout(timer);
      channel.close();
    };
    const timer = setTimeout(() => {
      over();
      reject(new Error('no sign-in within 5 minutes'));
    }, PATIENCE_MS);
    channel.addEventListener('message', ({ data }) => {
      const response = new URLSearchParams(String(data));
      if (response.get('state') !== state) return; // The sign-in of another page.
      over();
      resolve(response);
    });
  });
}

function problemOf(error: unknown, issuer: string): string {
  const { name, message } = error as Error;
  if (name === 'TypeError' || /failed to fetch|CORS/i.test(message))
    return `${issuer} does not allow requests of this page (no CORS for it), so sign-in works in MCP clients only. Paste a token instead.`;
  if (/register|registration/i.test(message))
    return `${issuer} does not register clients automatically. Enter the id of a client that is registered there with the URL of this page as redirect URI, and try again. (${message})`;
  return `Sign-in failed: ${message}.`;
}

class Memory implements OAuthClientProvider {
  readonly expectedState = crypto.randomUUID();
  readonly #go: (url: URL) => void;
  #client: StoredOAuthClientInformation | undefined;
  #tokens: StoredOAuthTokens | undefined;
  #verifier = '';

  constructor(clientId: string, go: (url: URL) => void) {
    if (clientId) this.#client = { client_id: clientId };
    this.#go = go;
  }

  get redirectUrl(): string {
    return `${location.origin}${location.pathname}`;
  }

  get clientMetadata() {
    return {
      client_name: 'The page of the MCP server',
      redirect_uris: [this.redirectUrl],
      grant_types: ['authorization_code'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    };
  }

  state(): string {
    return this.expectedState;
  }

  clientInformation(): StoredOAuthClientInformation | undefined {
    return this.#client;
  }

  saveClientInformation(client: StoredOAuthClientInformation): void {
    this.#client = client;
  }

  async tokens(): Promise<StoredOAuthTokens | undefined> {
    return this.#tokens;
  }

  saveTokens(tokens: StoredOAuthTokens): void {
    this.#tokens = tokens;
  }

  redirectToAuthorization(url: URL): void {
    this.#go(url);
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }

  codeVerifier(): string {
    return this.#verifier;
  }
}
