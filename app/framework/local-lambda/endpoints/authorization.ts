/**
 * What an endpoint does before it asks the function: finds out who calls, or refuses. One shape for IAM signatures, Lambda
 * authorizers and JWT authorizers; what a refusal looks like is the endpoint's (endpoints.ts).
 */
import type { HttpAnswer } from './buffered-result.ts';
import type { Failure } from './endpoints.ts';
import type { IamIdentity } from './function-url.ts';
import type { WireRequest } from './request.ts';

/** What the function is told of the caller. */
export interface Authorized {
  /** Who signed the request, for AWS_IAM. */
  identity?: IamIdentity;
  /** What an authorizer has said: the event's `requestContext.authorizer`, without what IAM puts there. */
  authorizer?: object;
  /** Whether it was let in without being authorized. */
  open?: true;
}

/** Refused: in the endpoint's own words, or by an answer that only the authorizer knows. */
export type Refused = { refused: Failure } | { answer: HttpAnswer };

export type Authorize = (request: WireRequest) => Promise<Authorized | Refused>;

export function isRefused(outcome: Authorized | Refused): outcome is Refused {
  return 'refused' in outcome || 'answer' in outcome;
}

/**
 * Lets preflights pass, which carry no credentials, reads of the OAuth metadata, which leads clients to them, and every request for
 * one of `openPaths`. The modules of terraform/ route all of them past the authorizer as well.
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

/** The one value of a header; undefined when it is missing or there are several. */
export function onlyHeader({ headers }: WireRequest, name: string): string | undefined {
  const [first, ...others] = headers.filter(([given]) => given === name);
  return others.length === 0 ? first?.[1] : undefined;
}
