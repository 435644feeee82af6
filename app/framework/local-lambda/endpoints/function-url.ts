/**
 * The event of a Lambda Function URL, payload format 2.0, and of an HTTP API, which shares the format.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
import { decodedPath, eventBody, grouped, queryPairs, type WireRequest } from './request.ts';

/** The principal that signed the request, for auth type AWS_IAM: `requestContext.authorizer.iam`. */
export interface IamIdentity {
  accessKey: string;
  accountId: string;
  callerId: string;
  cognitoIdentity: null;
  principalOrgId: string | null;
  userArn: string;
  userId: string;
}

export interface EventContext {
  /** Present if the request has a valid signature. */
  identity?: IamIdentity | undefined;
  /** The result of an authorizer, for API Gateway. */
  authorizer?: object | undefined;
  /** Name of the stage, for API Gateway. @default '$default' */
  stage?: string | undefined;
  /** The domain name in the event. @default the host that was called */
  domainName?: string | undefined;
}

const NOT_FOR_THE_FUNCTION = new Set(['connection']);

export function functionUrlEvent(request: WireRequest, context: EventContext): object {
  return payloadV2(request, context, request.rawPath);
}

/** Returns the event of an HTTP API: the same format with a decoded path, and API Gateway's stage and account. */
export function httpApiEvent(request: WireRequest, context: EventContext): object {
  return payloadV2(request, context, decodedPath(request.rawPath));
}

function payloadV2(request: WireRequest, context: EventContext, rawPath: string): object {
  const cookies = request.headers
    .filter(([name]) => name === 'cookie')
    .flatMap(([, value]) => value.split('; '));
  const query = queryPairs(request.rawQuery);
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString: request.rawQuery,
    ...(cookies.length > 0 && { cookies }),
    headers: forwardedHeaders(request, context),
    ...(query.length > 0 && { queryStringParameters: joined(query, ',') }),
    requestContext: requestContext(request, context),
    ...eventBody(request),
  };
}

function requestContext(request: WireRequest, context: EventContext): object {
  const { identity, authorizer, domainName, stage = '$default' } = context;
  const host = domainName ?? hostOf(request).replace(/:\d+$/, '');
  const [domainPrefix = host] = host.split('.');
  return {
    accountId: identity?.accountId ?? 'anonymous',
    apiId: domainPrefix,
    ...(identity && { authentication: null, authorizer: { iam: identity } }),
    ...(authorizer && { authorizer }),
    domainName: host,
    domainPrefix,
    http: {
      method: request.method,
      path: decodedPath(request.rawPath),
      protocol: request.protocol,
      sourceIp: request.sourceIp,
      userAgent: request.headers.find(([name]) => name === 'user-agent')?.[1] ?? '',
    },
    requestId: request.requestId,
    routeKey: '$default',
    stage,
    time: clfTime(request.time),
    timeEpoch: request.time.getTime(),
  };
}

/**
 * Returns the caller's headers, repeated ones joined by a comma without a space, and those that the endpoint adds. With `domainName`
 * they have the values of a Function URL; else the real ones, so that URLs that the app creates lead to the local Lambda.
 */
export function forwardedHeaders(request: WireRequest, { domainName }: EventContext): Record<string, string> {
  const host = hostOf(request);
  const port = /:(\d+)$/.exec(host)?.[1] ?? '80';
  const kept = request.headers.filter(([name]) => !NOT_FOR_THE_FUNCTION.has(name));
  const forwardedFor = kept.find(([name]) => name === 'x-forwarded-for')?.[1];
  return {
    ...joined(kept, ','),
    host: domainName ?? host,
    'x-forwarded-for': forwardedFor ? `${forwardedFor}, ${request.sourceIp}` : request.sourceIp,
    'x-forwarded-proto': domainName ? 'https' : 'http',
    'x-forwarded-port': domainName ? '443' : port,
    'x-amzn-trace-id': request.traceId,
    ...(domainName && {
      'x-amzn-tls-version': 'TLSv1.3',
      'x-amzn-tls-cipher-suite': 'TLS_AES_128_GCM_SHA256',
    }),
  };
}

export function hostOf(request: WireRequest): string {
  return request.headers.find(([name]) => name === 'host')?.[1] ?? 'localhost';
}

function joined(pairs: Iterable<readonly [string, string]>, separator: string): Record<string, string> {
  return Object.fromEntries([...grouped(pairs)].map(([name, values]) => [name, values.join(separator)]));
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Returns a time in the common log format, in UTC: `12/Mar/2020:19:03:58 +0000`. */
export function clfTime(time: Date): string {
  const [date = '', clock = ''] = time.toISOString().split('T');
  const [year, month, day] = date.split('-');
  return `${day}/${MONTHS[Number(month) - 1]}/${year}:${clock.slice(0, 8)} +0000`;
}
