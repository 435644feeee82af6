/**
 * The answers of a closed gate: a status, a challenge, and a short JSON-RPC error that gives nothing away.
 *
 * RFC 6750 section 3 (Bearer challenges), RFC 9728 section 5.1 (resource_metadata), MCP authorization. A Function URL
 * renames `WWW-Authenticate`, so a client may have to do with the status and the well-known paths; 401, never 403, is
 * what makes it look there.
 */
import { bearerAuthChallengeResponse, OAuthError, OAuthErrorCode } from '@modelcontextprotocol/server';
import { errorResponse, SERVER_ERROR } from '../json-rpc.ts';

/** Where the challenge leads: the metadata document, and the scopes to ask for. */
export interface ChallengeContext {
  resourceMetadataUrl?: string | undefined;
  requiredScopes?: readonly string[] | undefined;
}

/** 401: the credentials are missing or invalid. The message is the same for every reason, so an attacker learns nothing. */
export function unauthorized(context: ChallengeContext = {}, message = CREDENTIALS_REQUIRED): Response {
  return challenge(new OAuthError(OAuthErrorCode.InvalidToken, message), context);
}

/** 403: known, but not allowed to do this; the challenge names the scopes that are missing. */
export function insufficientScope(context: ChallengeContext): Response {
  return challenge(new OAuthError(OAuthErrorCode.InsufficientScope, 'The caller lacks a scope.'), context);
}

/** 403: known, but not on the list. */
export function forbidden(): Response {
  return jsonRpcError(403, 'Forbidden: this caller is not allowed here.');
}

/** 503: the caller cannot be authenticated at the moment. Fails closed. */
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
