/**
 * The endpoints in front of a function, each with its event, its rules for responses and its responses to failures. The imported
 * files and app/framework/local-lambda/README.md name the sources.
 */
import { type HttpResponse, inferredResponse, strictResponse } from './buffered-result.ts';
import { type EventContext, functionUrlEvent, httpApiEvent } from './function-url.ts';
import { loadBalancerEvent } from './load-balancer.ts';
import type { WireRequest } from './request.ts';
import { restApiEvent } from './rest-api.ts';

export type EndpointType = 'function-url' | 'http-api' | 'rest-api' | 'alb';
export type InvokeMode = 'RESPONSE_STREAM' | 'BUFFERED';

export interface Endpoint {
  event(request: WireRequest, context: EventContext): object;
  /** Converts a buffered result into a response; returns undefined if it is malformed. */
  response(payload: Buffer): HttpResponse | undefined;
  /** Whether it supports streaming. */
  streams: boolean;
  /** Whether it is API Gateway, which has stages, authorizers and throttling. */
  gateway: boolean;
  /** Its own limit of a request body, in bytes; the whole event has Lambda's limit. */
  maxBody: number;
  /** Timeout of a complete response, and of a streamed one, in seconds. */
  timeout: { whole: number; streamed: number };
  /** Headers that it adds to every response. */
  added(requestId: string, traceId: string): [string, string][];
  failures: Record<Failure, HttpResponse>;
}

/**
 * `fault`: the function failed or its response is malformed; `timeout`: of the function or the endpoint; `throttled`: the function's
 * concurrency is reached; `forbidden`: no valid signature; `unauthorized`: no credentials for the authorizer; `denied`: by the
 * authorizer; `authorizerFault`: the authorizer failed; `rateLimited`: by the stage's throttling; `notFound`: no such stage.
 */
export type Failure =
  | 'fault'
  | 'timeout'
  | 'throttled'
  | 'tooLarge'
  | 'forbidden'
  | 'unauthorized'
  | 'denied'
  | 'authorizerFault'
  | 'rateLimited'
  | 'notFound';

const MEGABYTE = 1024 * 1024;
/** Lambda's maximum; the function's timeout ends earlier. */
const LAMBDA_SECONDS = 900;

/** https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html, and captures of the service. */
const FORBIDDEN = json(
  403,
  {
    Message:
      'Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html',
  },
  [['x-amzn-errortype', 'AccessDeniedException']],
);

/**
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html and
 * https://repost.aws/knowledge-center/api-gateway-403-error-lambda-authorizer
 */
const rest = (status: number, message: string | null, type: string): HttpResponse =>
  json(status, { message }, [['x-amzn-errortype', type]]);

export const ENDPOINTS: Record<EndpointType, Endpoint> = {
  'function-url': {
    event: functionUrlEvent,
    response: inferredResponse,
    streams: true,
    gateway: false,
    maxBody: 6 * MEGABYTE,
    timeout: { whole: LAMBDA_SECONDS, streamed: LAMBDA_SECONDS },
    added: (requestId, traceId) => [
      ['x-amzn-requestid', requestId],
      ['x-amzn-trace-id', traceId],
    ],
    failures: {
      fault: text(502, 'Internal Server Error'),
      timeout: text(502, 'Internal Server Error'),
      throttled: json(429, {
        Reason: 'ConcurrentInvocationLimitExceeded',
        Type: 'User',
        message: 'Rate Exceeded.',
      }),
      tooLarge: json(413, {
        Message: 'Request must be smaller than 6291456 bytes for the InvokeFunction operation',
      }),
      forbidden: FORBIDDEN,
      // A Function URL has neither authorizers nor stages.
      unauthorized: FORBIDDEN,
      denied: FORBIDDEN,
      authorizerFault: FORBIDDEN,
      rateLimited: FORBIDDEN,
      notFound: FORBIDDEN,
    },
  },
  'http-api': {
    event: httpApiEvent,
    response: inferredResponse,
    streams: false,
    gateway: true,
    maxBody: 10 * MEGABYTE,
    timeout: { whole: 30, streamed: 30 },
    added: requestId => [['apigw-requestid', requestId]],
    failures: {
      fault: json(500, { message: 'Internal Server Error' }),
      timeout: json(503, { message: 'Service Unavailable' }),
      throttled: json(503, { message: 'Service Unavailable' }),
      tooLarge: json(413, { message: 'Request Entity Too Large' }),
      forbidden: json(403, { message: 'Forbidden' }),
      unauthorized: json(401, { message: 'Unauthorized' }),
      denied: json(403, { message: 'Forbidden' }),
      authorizerFault: json(500, { message: 'Internal Server Error' }),
      rateLimited: json(429, { message: 'Too Many Requests' }),
      notFound: json(404, { message: 'Not Found' }),
    },
  },
  'rest-api': {
    event: restApiEvent,
    response: strictResponse,
    streams: true,
    gateway: true,
    maxBody: 10 * MEGABYTE,
    timeout: { whole: 29, streamed: LAMBDA_SECONDS },
    added: (requestId, traceId) => [
      ['x-amzn-requestid', requestId],
      ['x-amz-apigw-id', requestId.replaceAll('-', '').slice(0, 16)],
      ['x-amzn-trace-id', traceId],
    ],
    failures: {
      fault: rest(502, 'Internal server error', 'InternalServerErrorException'),
      timeout: rest(504, 'Endpoint request timed out', 'GatewayTimeoutException'),
      throttled: rest(500, 'Internal server error', 'InternalServerErrorException'),
      tooLarge: rest(413, 'Request Too Long', 'RequestTooLargeException'),
      forbidden: rest(403, 'Missing Authentication Token', 'MissingAuthenticationTokenException'),
      unauthorized: rest(401, 'Unauthorized', 'UnauthorizedException'),
      denied: rest(
        403,
        'User is not authorized to access this resource with an explicit deny',
        'AccessDeniedException',
      ),
      authorizerFault: rest(500, null, 'AuthorizerConfigurationException'),
      rateLimited: rest(429, 'Too Many Requests', 'TooManyRequestsException'),
      notFound: rest(403, 'Forbidden', 'ForbiddenException'),
    },
  },
  alb: {
    event: loadBalancerEvent,
    response: strictResponse,
    streams: false,
    gateway: false,
    maxBody: MEGABYTE,
    timeout: { whole: LAMBDA_SECONDS, streamed: LAMBDA_SECONDS },
    added: (_, traceId) => [['x-amzn-trace-id', traceId]],
    failures: {
      fault: html(502, '502 Bad Gateway'),
      timeout: html(504, '504 Gateway Time-out'),
      throttled: html(502, '502 Bad Gateway'),
      tooLarge: html(413, '413 Request Entity Too Large'),
      forbidden: html(403, '403 Forbidden'),
      unauthorized: html(401, '401 Authorization Required'),
      denied: html(403, '403 Forbidden'),
      authorizerFault: html(500, '500 Internal Server Error'),
      rateLimited: html(503, '503 Service Temporarily Unavailable'),
      notFound: html(404, '404 Not Found'),
    },
  },
};

function json(status: number, body: object, headers: [string, string][] = []): HttpResponse {
  return {
    status,
    headers: [['content-type', 'application/json'], ...headers],
    body: Buffer.from(JSON.stringify(body)),
  };
}

function text(status: number, body: string): HttpResponse {
  return { status, headers: [['content-type', 'text/plain']], body: Buffer.from(body) };
}

function html(status: number, title: string): HttpResponse {
  const page = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n</body>\r\n</html>\r\n`;
  return { status, headers: [['content-type', 'text/html']], body: Buffer.from(page) };
}
