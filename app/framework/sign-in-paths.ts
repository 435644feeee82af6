/** The paths of the OAuth proxy besides the metadata. Clients and people call them without credentials. Imports nothing. */

/** Callers without credentials can reach it only with MCP_OAUTH_REGISTRATION=on. */
const REGISTRATION = '/register';

export const SIGN_IN_PATHS: readonly string[] = [
  '/authorize',
  '/callback',
  '/consent',
  '/token',
  '/revoke',
  REGISTRATION,
];

/**
 * Returns the paths that API Gateway allows without credentials; none without the proxy. terraform/sign-in.tf has the same list.
 */
export function openSignInPaths(env: NodeJS.ProcessEnv): string[] {
  if (env.MCP_OAUTH_PROXY !== 'on') return [];
  return SIGN_IN_PATHS.filter(path => path !== REGISTRATION || env.MCP_OAUTH_REGISTRATION === 'on');
}
