/** The OAuth storage of an MCP client, in memory, for SDK v1 and v2. */
import type { OAuthClientProvider } from '@modelcontextprotocol/client';

export const REDIRECT = 'http://localhost:8090/callback';

type Of<K extends keyof OAuthClientProvider> = Awaited<
  ReturnType<Extract<OAuthClientProvider[K], (...args: never[]) => unknown>>
>;

export interface MemoryOAuthProvider extends OAuthClientProvider {
  tokens(): Of<'tokens'>;
  /** The URL to which the person was redirected. */
  authorizationUrl?: URL;
  lastState?: string;
}

export function memoryOAuthProvider(): MemoryOAuthProvider {
  let registration: Of<'clientInformation'>;
  let tokens: Of<'tokens'>;
  let verifier = '';
  const provider: MemoryOAuthProvider = {
    redirectUrl: REDIRECT,
    clientMetadata: {
      client_name: 'test client',
      redirect_uris: [REDIRECT],
      application_type: 'native',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      scope: 'mcp',
    },
    state() {
      provider.lastState = crypto.randomUUID();
      return provider.lastState;
    },
    clientInformation: () => registration,
    saveClientInformation(info) {
      registration = info;
    },
    tokens: () => tokens,
    saveTokens(saved) {
      tokens = saved;
    },
    redirectToAuthorization(to) {
      provider.authorizationUrl = to;
    },
    saveCodeVerifier(value) {
      verifier = value;
    },
    codeVerifier: () => verifier,
  };
  return provider;
}
