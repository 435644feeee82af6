/**
 * The caller, in one shape for every authentication method.
 *
 * The shape is the MCP SDK's own `AuthInfo`, which reaches tools as `ctx.http.authInfo` and the server factory as
 * `ctx.authInfo`; `extra` has what MCP has no field for.
 */
import type { AuthInfo } from '@modelcontextprotocol/server';

/** The method by which a caller was authenticated. */
export type AuthMode = 'token' | 'oauth' | 'iam' | 'authorizer';

/** An authenticated caller. The log contains its `clientId`. */
export interface Caller extends AuthInfo {
  extra: {
    mode: AuthMode;
    /** The person or workload that the client acts for: a token's `sub`, an IAM principal's id. */
    subject?: string | undefined;
    /**
     * Identifies issuer and subject, or the static token, in every deployment: 64 hex digits, for keys of data that belongs to the
     * caller. Undefined for a caller without a subject and for IAM principals.
     */
    tenant?: string | undefined;
    /** IAM principal, for mode `iam`. */
    arn?: string | undefined;
    /** All claims of a verified JWT, or all fields of an authorizer's result. */
    claims?: Record<string, unknown> | undefined;
  };
}

/** Returns whether the caller has all of these scopes, for example to register a tool only for callers that may use it. */
export function granted(caller: AuthInfo | undefined, ...scopes: string[]): boolean {
  return scopes.every(scope => caller?.scopes.includes(scope));
}
