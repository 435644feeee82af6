/** The errors of the proxy's endpoints, and their responses. */

/** RFC 6749 sections 4.1.2.1 and 5.2, RFC 7591 section 3.2.2, RFC 8707 section 2. */
export type OAuthErrorCode =
  | 'access_denied'
  | 'invalid_client'
  | 'invalid_client_metadata'
  | 'invalid_grant'
  | 'invalid_redirect_uri'
  | 'invalid_request'
  | 'invalid_target'
  | 'server_error'
  | 'temporarily_unavailable'
  | 'unsupported_grant_type'
  | 'unsupported_response_type';

/** A request is denied. `description` is sent to the client; `reason`, if there is one, is only for the log. */
export class OAuthRequestError extends Error {
  override readonly name = 'OAuthRequestError';
  readonly code: OAuthErrorCode;
  readonly description: string;

  constructor(code: OAuthErrorCode, description: string, reason?: string, options?: ErrorOptions) {
    super(reason ?? description, options);
    this.code = code;
    this.description = description;
  }
}

const STATUS: Partial<Record<OAuthErrorCode, number>> = {
  invalid_client: 401,
  server_error: 500,
  temporarily_unavailable: 503,
};

/** Headers of endpoints that programs call. They use no cookies, so any page may call them. */
export const ANY_ORIGIN = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': '*',
  'access-control-allow-methods': 'GET, POST, OPTIONS',
};

export const NO_STORE = { 'cache-control': 'no-store', pragma: 'no-cache' };

/** Returns the response with an error (RFC 6749 section 5.2). */
export function errorJson({ code, description }: OAuthRequestError): Response {
  return Response.json(
    { error: code, error_description: description },
    { status: STATUS[code] ?? 400, headers: { ...NO_STORE, ...ANY_ORIGIN } },
  );
}
