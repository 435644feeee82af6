/** The OAuth proxy in the local Lambda, with a provider of the tests. */
import {
  type IdentityProvider,
  type IdentityProviderOptions,
  PROVIDER_CLIENT,
  startIdentityProvider,
} from './identity-provider.ts';
import { freePort, type RunningLambda, startApp, startFunction } from './local-lambda.ts';

export interface RunningProxy {
  provider: IdentityProvider;
  lambda: RunningLambda;
}

export const PROXY_SECRET = 'secret-of-the-test-0123456789-0123456789';

type Options = Omit<IdentityProviderOptions, 'redirectUri'>;

/** Starts the build of the fixture app, for which the local Lambda provides table and secret. `more` has settings of the app. */
export function startProxy(options: Options = {}, more: Record<string, string> = {}): Promise<RunningProxy> {
  return startBehind(options, env => startApp({ env: { ...env, ...more } }));
}

/** Starts the fixture app that resolves the host names of client documents to this machine. */
export function startProxyWithDocuments(
  options: Options = {},
  more: Record<string, string> = {},
): Promise<RunningProxy> {
  const table = { MCP_TABLE: 'mcp-table', MCP_SECRET: PROXY_SECRET };
  const args = ['--tables', 'mcp-table:key'];
  return startBehind(options, env =>
    startFunction('stream', { env: { ...env, ...table, ...more }, args }, 'oauth-proxy-app'),
  );
}

/** Returns the settings of a local Lambda on `port` with the OAuth proxy in front of `provider`, and with registration. */
export function proxySettings({ issuer }: IdentityProvider, port: number): Record<string, string> {
  return {
    PORT: String(port),
    MCP_AUTH: 'oauth',
    MCP_OAUTH_PROXY: 'on',
    MCP_OAUTH_ISSUER: issuer,
    MCP_OAUTH_CLIENT_ID: PROVIDER_CLIENT.id,
    MCP_OAUTH_REGISTRATION: 'on',
  };
}

async function startBehind(
  options: Options,
  start: (env: Record<string, string>) => Promise<RunningLambda>,
): Promise<RunningProxy> {
  const port = await freePort();
  const provider = await startIdentityProvider({
    ...options,
    redirectUri: `http://127.0.0.1:${port}/callback`,
  });
  const lambda = await start({
    ...proxySettings(provider, port),
    ...(options.confidential !== false && { MCP_OAUTH_CLIENT_SECRET: PROVIDER_CLIENT.secret }),
    MCP_OAUTH_SCOPES: 'mcp',
  }).catch(async error => {
    await provider.close();
    throw error;
  });
  return { provider, lambda };
}
