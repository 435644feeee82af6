/**
 * Events of every format with fields that no endpoint would send, for both handlers: each gets a response in the format of the
 * endpoint, without a server error, and no invocation fails.
 */
import fc from 'fast-check';
import { albEvent, restEvent, v2Event } from '../../../../helpers/events.ts';
import { modernRequest } from '../../../../helpers/json-rpc.ts';
import type { RunningLambda } from '../../../../helpers/local-lambda.ts';
import { nastyJson, nastyText } from '../arbitraries.ts';
import type { Property } from '../property.ts';
import { expectNothingLeaked, expectPlain, post } from '../target.ts';

const SHAPES = ['v2', 'rest', 'rest with many values', 'alb', 'lattice'] as const;

interface Case {
  shape: (typeof SHAPES)[number];
  method: string;
  path: string;
  query: string;
  body: string;
  /** Fields to set, by path; null removes a field. */
  changes: [path: string, value: { is: unknown } | null][];
}

const FIELDS = [
  ...[
    'version',
    'routeKey',
    'rawPath',
    'rawQueryString',
    'cookies',
    'headers',
    'queryStringParameters',
    'body',
  ],
  ...[
    'isBase64Encoded',
    'path',
    'httpMethod',
    'method',
    'multiValueHeaders',
    'multiValueQueryStringParameters',
  ],
  ...[
    'pathParameters',
    'stageVariables',
    'resource',
    'requestContext',
    'requestContext.http',
    'requestContext.elb',
  ],
  ...[
    'requestContext.domainName',
    'requestContext.http.method',
    'requestContext.http.path',
    'requestContext.stage',
  ],
  ...['requestContext.authorizer', 'requestContext.authorizer.iam', 'requestContext.serviceArn', 'raw_path'],
  ...[
    'headers.host',
    'headers.content-type',
    'headers.cookie',
    'headers.authorization',
    'headers.content-length',
  ],
  ...[
    'headers.x-one',
    'headers.transfer-encoding',
    'headers.origin',
    'headers.x-forwarded-host',
    'query_string_parameters',
  ],
];

const arbitrary: fc.Arbitrary<Case> = fc.record({
  shape: fc.constantFrom(...SHAPES),
  method: fc.oneof(fc.constantFrom('POST', 'GET', 'OPTIONS', 'DELETE', 'TRACE', 'CONNECT'), nastyText),
  path: fc.oneof(
    fc.constantFrom('/v2/mcp', '/v1/mcp', '/all/mcp', '/healthz'),
    nastyText,
    nastyText.map(t => `/${t}`),
  ),
  query: nastyText,
  body: fc.oneof(fc.constant(JSON.stringify(modernRequest('tools/list'))), nastyText),
  changes: fc.array(
    fc.tuple(
      fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom(...FIELDS) },
        nastyText.map(text => `headers.${text}`),
      ),
      fc.oneof(fc.constant(null), fc.record({ is: nastyJson })),
    ),
    { maxLength: 5 },
  ),
});

function eventOf({ shape, changes, ...line }: Case): object {
  const makers: Record<Case['shape'], () => object> = {
    v2: () => v2Event(line),
    rest: () => restEvent(line),
    'rest with many values': () => restEvent({ ...line, multiValue: true }),
    alb: () => albEvent(line),
    lattice: () => latticeEvent(line),
  };
  const event = makers[shape]() as Record<string, unknown>;
  const copy: Record<string, unknown> = structuredClone(event);
  for (const [path, value] of changes) change(copy, path, value);
  return copy;
}

function latticeEvent({ method, path, body }: { method: string; path: string; body: string }): object {
  const requestContext = { serviceArn: 'arn:aws:vpc-lattice:us-east-1:123456789012:service/svc-1' };
  const headers = { host: ['mcp.example'], 'content-type': ['application/json'] };
  return { version: '2.0', path, method, headers, body, isBase64Encoded: false, requestContext };
}

function change(event: Record<string, unknown>, path: string, value: Case['changes'][number][1]): void {
  const at = path.indexOf('.');
  const [name, rest] = at < 0 ? [path, ''] : [path.slice(0, at), path.slice(at + 1)];
  if (at >= 0 && !name.startsWith('headers')) {
    const inner = event[name];
    if (typeof inner === 'object' && inner !== null) change(inner as Record<string, unknown>, rest, value);
    return;
  }
  const [holder, key] = at >= 0 ? [event.headers, rest] : [event, name];
  if (typeof holder !== 'object' || holder === null) return;
  if (value === null) delete (holder as Record<string, unknown>)[key];
  else
    Object.defineProperty(holder, key, {
      value: value.is,
      enumerable: true,
      configurable: true,
      writable: true,
    });
}

async function invoke({ invokeUrl }: RunningLambda, event: object): Promise<string> {
  const reply = await post(`${invokeUrl}/2015-03-31/functions/local/invocations`, {}, JSON.stringify(event));
  const failed = reply.headers['x-amz-function-error'];
  if (reply.status !== 200 || failed)
    throw new Error(`The invocation failed, ${reply.status} ${failed}: ${reply.text.slice(0, 500)}`);
  return reply.text;
}

function expectNoServerError(body: string, statusCode: unknown): void {
  if (!Number.isInteger(statusCode) || Number(statusCode) < 200 || Number(statusCode) >= 500)
    throw new Error(`Status ${statusCode}: ${body.slice(0, 500)}`);
  expectNothingLeaked(body);
}

export const events: Property<Case> = {
  name: 'events',
  arbitrary,
  async check(target, given) {
    const event = eventOf(given);
    const [streamed, whole] = await Promise.all([
      invoke(target.stream, event),
      invoke(target.buffered, event),
    ]);
    const [prelude = ''] = streamed.split('\0'.repeat(8));
    expectNoServerError(streamed, (JSON.parse(prelude) as { statusCode: unknown }).statusCode);
    expectNoServerError(whole, (JSON.parse(whole) as { statusCode: unknown }).statusCode);
    await expectPlain(target);
  },
};
