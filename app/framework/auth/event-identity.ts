/**
 * Callers that the endpoint in front of the function has authenticated: by IAM (Signature Version 4) or an API Gateway
 * authorizer.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html,
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html,
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
 */
import type { EndpointIdentity } from '../endpoint-context.ts';
import { type Fields, fields, text } from '../json-fields.ts';
import { grantsNothing, ofAnotherKind } from './access-token.ts';
import type { Caller } from './identity.ts';
import { tenantId } from './tenant.ts';
import { scopesOf } from './token-verifier.ts';

/** Returns the IAM principal that signed the request: Function URL with auth type AWS_IAM, HTTP API, REST API. */
export function iamCaller({ iam }: EndpointIdentity): Caller | undefined {
  if (!iam) return undefined;
  const { arn, subject } = iam;
  return { token: '', clientId: arn, scopes: [], extra: { mode: 'iam', subject, arn } };
}

/**
 * Returns the caller that an API Gateway authorizer accepted: from the claims of a JWT or Cognito authorizer, or the context that
 * a Lambda authorizer returned. JWT and Cognito authorizers accept every token that the issuer has signed, including ID tokens,
 * which are denied here. API Gateway caches the authorizer's result; a result with `exp` is not accepted after that time.
 */
export function authorizerCaller(
  { authorizer = {} }: EndpointIdentity,
  { clockToleranceSeconds = 0, now = Date.now() }: { clockToleranceSeconds?: number; now?: number } = {},
): Caller | undefined {
  const jwt = fields(authorizer.jwt);
  const result =
    'jwt' in authorizer
      ? fields(jwt.claims)
      : 'lambda' in authorizer
        ? fields(authorizer.lambda)
        : authorizer;
  if (Object.keys(result).length === 0 || 'iam' in result) return undefined;
  const claims = fields(result.claims ?? result); // A REST API's Cognito authorizer has them a level deeper.
  const ofToken = 'jwt' in authorizer || 'claims' in result;
  const problem = ofToken ? tokenProblem(claims) : undefined;
  if (problem) {
    console.warn(
      `auth: denied a caller: the token that the API Gateway authorizer accepted is not an access token: ${problem}.`,
    );
    return undefined;
  }
  const expiresAt = claims.exp === undefined ? undefined : Number(claims.exp);
  if (expiresAt !== undefined && !(now / 1000 < expiresAt + clockToleranceSeconds)) return undefined;
  const subject = text(claims.sub) ?? text(claims.principalId);
  const clientId = text(claims.client_id) ?? text(claims.azp) ?? subject;
  if (!clientId) return undefined;
  const scopes = scopesOf(jwt.scopes ?? claims.scope ?? claims.scp);
  return {
    token: '',
    clientId,
    scopes,
    ...(expiresAt !== undefined && { expiresAt }),
    extra: {
      mode: 'authorizer',
      subject,
      tenant: ofToken ? tenantOfToken(claims) : text(claims.tenant),
      claims,
    },
  };
}

/** Returns the tenant ID for issuer and subject. The claim `tenant` is not used: its meaning depends on the issuer. */
function tenantOfToken({ iss, sub }: Fields): string | undefined {
  const [issuer, subject] = [text(iss), text(sub)];
  return issuer && subject && tenantId(issuer, subject);
}

/**
 * Returns why claims are not those of an access token. API Gateway does not pass on the header of the token, so only the claims
 * can be checked. `client_id` is a claim of RFC 9068, which ID tokens do not have.
 */
function tokenProblem(claims: Fields): string | undefined {
  return ofAnotherKind(claims) ?? (claims.client_id === undefined ? grantsNothing(claims) : undefined);
}

/**
 * Returns whether an ARN is on the list. In a pattern, `*` matches any characters, as in IAM policies. For an assumed role, the
 * ARN of the role matches too, so that one entry covers all its sessions.
 */
export function arnAllowed(arn: string, patterns: readonly string[]): boolean {
  const role = /^arn:(\S+?):sts::(\d+):assumed-role\/([^/]+)\//.exec(arn);
  const names = role ? [arn, `arn:${role[1]}:iam::${role[2]}:role/${role[3]}`] : [arn];
  return patterns.some(pattern => names.some(name => matches(pattern, name)));
}

/** Returns whether the pattern matches, without exponential backtracking: after a mismatch, only the last `*` is extended. */
function matches(pattern: string, text: string): boolean {
  let [at, from, star, resume] = [0, 0, -1, 0];
  while (at < text.length) {
    if (pattern[from] === '*') [star, resume, from] = [from, at, from + 1];
    else if (pattern[from] === text[at]) [at, from] = [at + 1, from + 1];
    else if (star >= 0) [resume, at, from] = [resume + 1, resume + 1, star + 1];
    else return false;
  }
  while (pattern[from] === '*') from += 1;
  return from === pattern.length;
}
