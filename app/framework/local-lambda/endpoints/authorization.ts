/**
 * Authorization by an endpoint before it invokes the function, in one shape for IAM signatures, Lambda authorizers and JWT
 * authorizers. endpoints.ts has the response to a denied request.
 */
import type { HttpResponse } from './buffered-result.ts';
import type { Failure } from './endpoints.ts';
import type { IamIdentity } from './function-url.ts';
import type { WireRequest } from './request.ts';

/** The data about the caller that the function gets. */
export interface Authorized {
  /** The principal that signed the request, for AWS_IAM. */
  identity?: IamIdentity;
  /** The result of an authorizer: the event's `requestContext.authorizer`, without the fields of IAM. */
  authorizer?: object;
  /** Set if the request was allowed without authorization. */
  open?: true;
}

/** A denied request, with a failure of the endpoint or with a response of the authorizer. */
export type Refused = { refused: Failure } | { response: HttpResponse };

export type Authorize = (request: WireRequest) => Promise<Authorized | Refused>;

export function isRefused(outcome: Authorized | Refused): outcome is Refused {
  return 'refused' in outcome || 'response' in outcome;
}

/**
 * Returns a check that allows preflights and reads of the OAuth metadata, for which clients have no credentials, and requests to
 * `openPaths`. The modules of terraform/ also route them without the authorizer.
 */
export function exceptOpenPaths(authorize: Authorize, openPaths: readonly string[]): Authorize {
  const isOpen = new Set(openPaths);
  return async function authorizeUnlessOpen(request) {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const isMetadata = isRead && request.rawPath.startsWith('/.well-known/');
    const open = request.method === 'OPTIONS' || isMetadata || isOpen.has(request.rawPath);
    return open ? { open } : authorize(request);
  };
}

/** Returns the value of a header; undefined if it is missing or there are several. */
export function onlyHeader({ headers }: WireRequest, name: string): string | undefined {
  const [first, ...others] = headers.filter(([given]) => given === name);
  return others.length === 0 ? first?.[1] : undefined;
}
