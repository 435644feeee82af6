/**
 * The fronts that a function can be deployed behind, each with its event, its rules for answers and its words for
 * failure. Sources are named in the files that are imported here and in app/local/README.md.
 */
import { type HttpAnswer, inferredAnswer, strictAnswer } from './buffered-result.ts';
import { type EventContext, functionUrlEvent, httpApiEvent } from './function-url.ts';
import { loadBalancerEvent } from './load-balancer.ts';
import type { WireRequest } from './request.ts';
import { restApiEvent } from './rest-api.ts';

export type FrontName = 'function-url' | 'http-api' | 'rest-api' | 'alb';
export type InvokeMode = 'RESPONSE_STREAM' | 'BUFFERED';

export interface Front {
  event(request: WireRequest, context: EventContext): object;
  /** The meaning of a buffered result; undefined when it is malformed. */
  answer(payload: Buffer): HttpAnswer | undefined;
  /** Whether it can stream at all. */
  streams: boolean;
  failures: Record<Failure, HttpAnswer>;
}

/** `fault`: the function failed or its answer is malformed. */
export type Failure = 'fault' | 'timeout' | 'throttled' | 'tooLarge' | 'forbidden';

export const FRONTS: Record<FrontName, Front> = {
  'function-url': {
    event: functionUrlEvent,
    answer: inferredAnswer,
    streams: true,
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
      forbidden: json(
        403,
        {
          Message:
            'Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html',
        },
        [['x-amzn-errortype', 'AccessDeniedException']],
      ),
    },
  },
  'http-api': {
    event: httpApiEvent,
    answer: inferredAnswer,
    streams: false,
    failures: {
      fault: json(500, { message: 'Internal Server Error' }),
      timeout: json(503, { message: 'Service Unavailable' }),
      throttled: json(503, { message: 'Service Unavailable' }),
      tooLarge: json(413, { message: 'Request Entity Too Large' }),
      forbidden: json(403, { message: 'Forbidden' }),
    },
  },
  'rest-api': {
    event: restApiEvent,
    answer: strictAnswer,
    streams: true,
    failures: {
      fault: json(502, { message: 'Internal server error' }),
      timeout: json(504, { message: 'Endpoint request timed out' }),
      throttled: json(500, { message: 'Internal server error' }),
      tooLarge: json(413, { message: 'Request Too Long' }),
      forbidden: json(403, { message: 'Missing Authentication Token' }),
    },
  },
  alb: {
    event: loadBalancerEvent,
    answer: strictAnswer,
    streams: false,
    failures: {
      fault: html(502, '502 Bad Gateway'),
      timeout: html(504, '504 Gateway Time-out'),
      throttled: html(502, '502 Bad Gateway'),
      tooLarge: html(413, '413 Request Entity Too Large'),
      forbidden: html(403, '403 Forbidden'),
    },
  },
};

function json(status: number, body: object, headers: [string, string][] = []): HttpAnswer {
  return {
    status,
    headers: [['content-type', 'application/json'], ...headers],
    body: Buffer.from(JSON.stringify(body)),
  };
}

function text(status: number, body: string): HttpAnswer {
  return { status, headers: [['content-type', 'text/plain']], body: Buffer.from(body) };
}

function html(status: number, title: string): HttpAnswer {
  const page = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n</body>\r\n</html>\r\n`;
  return { status, headers: [['content-type', 'text/html']], body: Buffer.from(page) };
}
