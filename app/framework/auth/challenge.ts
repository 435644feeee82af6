/**
 * Responses to denied requests: a status, a challenge, and a short JSON-RPC error that reveals no reason.
 *
 * RFC 6750 section 3 (Bearer challenges), RFC 9728 section 5.1 (resource_metadata), MCP authorization. A Function URL renames
 * `WWW-Authenticate`. A client then uses the well-known paths, but only after a 401, not after a 403.
 */
import { bearerAuthChallengeResponse, OAuthError, OAuthErrorCode } from '@modelcontextprotocol/server';
import { errorResponse, SERVER_ERROR } from '../json-rpc.ts';

/** The fields of a challenge: the URL of the metadata document, and the scopes to request. */
export interface ChallengeContext {
  resourceMetadataUrl?: string | undefined;
  requiredScopes?: readonly string[] | undefined;
}

/** Returns 401 for missing or invalid credentials. The message is the same for every reason, so an attacker learns nothing. */
export function unauthorized(context: ChallengeContext = {}, message = CREDENTIALS_REQUIRED): Response {
  return challenge(new OAuthError(OAuthErrorCode.InvalidToken, message), context);
}

/** Returns 403 for an authenticated caller that lacks a scope; the challenge names the required scopes. */
export function insufficientScope(context: ChallengeContext): Response {
  return challenge(new OAuthError(OAuthErrorCode.InsufficientScope, 'The caller lacks a scope.'), context);
}

/** Returns 403 for an authenticated caller that is not on the list of allowed callers. */
export function forbidden(): Response {
  return jsonRpcError(403, 'Forbidden: this caller is not allowed here.');
}

/** Returns 503: the caller cannot be authenticated at the moment. Fails closed. */
export function keysUnavailable(): Response {
  return jsonRpcError(
    503,
    'The keys of the authorization server cannot be fetched at the moment. Try again shortly.',
    {
      'retry-after': '5',
    },
  );
}

const CREDENTIALS_REQUIRED = 'Valid credentials are required.';

function challenge(
  error: OAuthError,
  { resourceMetadataUrl, requiredScopes = [] }: ChallengeContext,
): Response {
  const { status, headers } = bearerAuthChallengeResponse(error, {
    requiredScopes: [...requiredScopes],
    ...(resourceMetadataUrl && { resourceMetadataUrl }),
  });
  const header = headers.get('www-authenticate');
  return jsonRpcError(status, error.message, header ? { 'www-authenticate': header } : {});
}

function jsonRpcError(status: number, message: string, headers: Record<string, string> = {}): Response {
  return errorResponse(
    { code: SERVER_ERROR, message },
    { status, headers: { 'cache-control': 'no-store', ...headers } },
  );
}
