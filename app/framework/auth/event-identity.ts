/**
 * Callers that the endpoint in front of the function has checked already, as the Lambda event names them: IAM (Signature
 * Version 4) and API Gateway's authorizers. The event comes from the Lambda service, so what it says holds; a caller
 * cannot write into `requestContext`.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html,
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html,
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
 */
import { ofAnotherKind } from './access-token.ts';
import type { Caller } from './identity.ts';
import { scopesOf } from './token-verifier.ts';

type Fields = Record<string, unknown>;

/** The IAM principal who signed the request: Function URL with auth type AWS_IAM, HTTP API, REST API. */
export function iamCaller(event: unknown): Caller | undefined {
  const context = fields(fields(event).requestContext);
  const iam = fields(fields(context.authorizer).iam);
  const identity = fields(context.identity);
  const arn = text(iam.userArn) ?? text(identity.userArn);
  if (!arn) return undefined;
  const subject = text(iam.userId) ?? text(identity.user);
  return { token: '', clientId: arn, scopes: [], extra: { mode: 'iam', subject, arn } };
}

/**
 * Whom an API Gateway authorizer let in: a JWT or Cognito authorizer's claims, or what a Lambda authorizer put into its
 * context. The former two take whatever the issuer has signed, ID tokens as well: those are refused here. And a verdict is
 * kept by API Gateway for a while: where it says when its token ends (`exp`), it ends with it.
 */
export function authorizerCaller(
  event: unknown,
  { clockToleranceSeconds = 0, now = Date.now() }: { clockToleranceSeconds?: number; now?: number } = {},
): Caller | undefined {
  const authorizer = fields(fields(fields(event).requestContext).authorizer);
  const jwt = fields(authorizer.jwt);
  const verdict =
    'jwt' in authorizer
      ? fields(jwt.claims)
      : 'lambda' in authorizer
        ? fields(authorizer.lambda)
        : authorizer;
  if (Object.keys(verdict).length === 0 || 'iam' in verdict) return undefined;
  const claims = fields(verdict.claims ?? verdict); // A REST API's Cognito authorizer has them a level deeper.
  const problem = 'jwt' in authorizer || 'claims' in verdict ? ofAnotherKind(claims) : undefined;
  if (problem) {
    console.warn(`auth: what the authorizer in front has let in is no access token: ${problem}.`);
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
    extra: { mode: 'authorizer', subject, claims },
  };
}

/**
 * Whether an ARN is on the list. In a pattern `*` stands for any run of characters, as in IAM policies. For an assumed
 * role the role's own ARN is looked for too, so that one entry holds for all its sessions.
 */
export function arnAllowed(arn: string, patterns: readonly string[]): boolean {
  const role = /^arn:(\S+?):sts::(\d+):assumed-role\/([^/]+)\//.exec(arn);
  const names = role ? [arn, `arn:${role[1]}:iam::${role[2]}:role/${role[3]}`] : [arn];
  return patterns.some(pattern => names.some(name => like(pattern).test(name)));
}

function like(pattern: string): RegExp {
  return new RegExp(`^${pattern.split('*').map(RegExp.escape).join('.*')}$`);
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
