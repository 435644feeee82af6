/**
 * The metadata of the authorization server: RFC 8414, and the same at openid-configuration, which some clients try first and
 * which is the only path that works below the stage of a REST API.
 */
import type { Config } from '../config.ts';
import { ASSERTION_ALGORITHMS } from './client-auth.ts';
import { ANY_ORIGIN } from './oauth-error.ts';

const PREFIX = /^\/\.well-known\/(oauth-authorization-server|openid-configuration|jwks\.json)(.*)$/;

/** Returns the document at `path`, or undefined. */
export function serverMetadata(path: string, issuer: string, settings: Config): Response | undefined {
  const [, name, suffix = ''] = PREFIX.exec(path) ?? [];
  // RFC 8414 section 3.1: the path of the issuer follows the well-known one.
  if (name === undefined || ![new URL(issuer).pathname, '', '/'].includes(suffix)) return undefined;
  const document = DOCUMENTS[name]?.(issuer, settings);
  return document && Response.json(document, { headers: { 'cache-control': 'max-age=300', ...ANY_ORIGIN } });
}

const DOCUMENTS: Partial<Record<string, (issuer: string, settings: Config) => object>> = {
  'oauth-authorization-server': oauthMetadata,
  'openid-configuration': (issuer, settings) => ({
    ...oauthMetadata(issuer, settings),
    // Fields that OpenID Connect requires. There are no ID tokens, and only this server verifies the access tokens.
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  }),
  'jwks.json': () => ({ keys: [] }),
};

function oauthMetadata(issuer: string, settings: Config): object {
  const { MCP_OAUTH_SCOPES: scopes, MCP_OAUTH_REGISTRATION: registration } = settings;
  const methods = ['none', 'private_key_jwt'];
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    revocation_endpoint: `${issuer}/revoke`,
    ...(registration === 'on' && { registration_endpoint: `${issuer}/register` }),
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_methods_supported: methods,
    token_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
    revocation_endpoint_auth_methods_supported: methods,
    revocation_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: true,
    ...(scopes.length > 0 && { scopes_supported: scopes }),
  };
}
