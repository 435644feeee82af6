/**
 * Who is calling, in one shape whatever the way it was proved, and the gate that finds out.
 *
 * The shape is the MCP SDK's own `AuthInfo`, which reaches tools as `ctx.http.authInfo` and the server factory as
 * `ctx.authInfo`; what MCP has no field for stands in `extra`.
 */
import type { AuthInfo } from '@modelcontextprotocol/server';

/** How a caller proved who they are. */
export type AuthMode = 'token' | 'oauth' | 'iam' | 'authorizer';

/** A caller who may enter. `clientId` is what the log names. */
export interface Caller extends AuthInfo {
  extra: {
    mode: AuthMode;
    /** The person or workload that the client acts for: a token's `sub`, an IAM principal's id. */
    subject?: string | undefined;
    /** IAM principal, for mode `iam`. */
    arn?: string | undefined;
    /** All claims of a verified JWT, or all fields of an authorizer's verdict. */
    claims?: Record<string, unknown> | undefined;
  };
}

/**
 * Lets a request in or answers it: the caller, undefined where no one is asked to say who they are, or the response that
 * refuses. `event` is the Lambda event, for what the endpoint has found out about the caller.
 */
export type Gate = (request: Request, event?: unknown) => Promise<Caller | undefined | Response>;

/** Whether the caller was granted every one of these scopes; for registering a tool only for those who may use it. */
export function granted(caller: AuthInfo | undefined, ...scopes: string[]): boolean {
  return scopes.every(scope => caller?.scopes.includes(scope));
}
