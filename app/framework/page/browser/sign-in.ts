/**
 * Signing in by OAuth: the authorization code flow with PKCE, by the SDK's own client, in a window of its own. That comes
 * back to this very page, which hands the code over and closes. Code verifier, client and tokens are in memory only.
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

/** In the window that comes back from the issuer: hands over what it was told. True when this is such a window. */
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

/** Gives credentials, or rejects with an Error whose message says why there are none. Call it within a click. */
export async function signIn(endpoint: URL, clientId: string, issuer: string): Promise<AuthProvider> {
  // Now, while the click allows it; where to is known only after the issuer has been asked.
  const popup = window.open('about:blank', '', 'popup,width=520,height=720');
  if (!popup)
    throw new Error('The browser has blocked the window to sign in. Allow it for this page, and try again.');
  const memory = new Memory(clientId, url => {
    popup.location.href = url.href;
  });
  try {
    if ((await auth(memory, { serverUrl: endpoint })) !== 'AUTHORIZED') {
      const answer = await answerFor(memory.expectedState);
      const code = answer.get('code');
      if (!code)
        throw new Error(answer.get('error_description') ?? answer.get('error') ?? 'no code was given');
      const iss = answer.get('iss');
      await auth(memory, { serverUrl: endpoint, authorizationCode: code, ...(iss && { iss }) });
    }
  } catch (error) {
    popup.close();
    throw new Error(whyNot(error, issuer), { cause: error });
  }
  return { token: async () => (await memory.tokens())?.access_token };
}

function answerFor(state: string): Promise<URLSearchParams> {
  return new Promise((resolve, reject) => {
    const channel = new BroadcastChannel(CHANNEL);
    const over = (): void => {
      clearTimeout(timer);
      channel.close();
    };
    const timer = setTimeout(() => {
      over();
      reject(new Error('no sign-in within five minutes'));
    }, PATIENCE_MS);
    channel.addEventListener('message', ({ data }) => {
      const answer = new URLSearchParams(String(data));
      if (answer.get('state') !== state) return; // Of another page's sign-in.
      over();
      resolve(answer);
    });
  });
}

function whyNot(error: unknown, issuer: string): string {
  const { name, message } = error as Error;
  if (name === 'TypeError' || /failed to fetch|CORS/i.test(message))
    return `${issuer} does not let this page ask it (no CORS for it), so signing in works in MCP clients only. Paste a token instead.`;
  if (/register|registration/i.test(message))
    return `${issuer} registers no clients by itself. Enter the id of a client that is registered there, with this page’s address as redirect URI, and try again. (${message})`;
  return `Signing in failed: ${message}.`;
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
