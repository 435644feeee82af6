/** A proxy before moto that notes which IAM action on which resource each request needs. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface RecordedCall {
  /** IAM action, such as `ecr:PutImage`. */
  action: string;
  /** ARN, or `*` for an action without resources. */
  resource: string;
}

export interface CallRecorder {
  url: string;
  /** Each call once, sorted. */
  calls(): RecordedCall[];
  close(): void;
}

export async function startRecorder(moto: string, region: string, account: string): Promise<CallRecorder> {
  const calls = new Map<string, RecordedCall>();
  const arn = (service: string, resource: string): string =>
    `arn:aws:${service}:${region}:${account}:${resource}`;
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    const { method = '', url = '' } = request;
    const call = callOf({ method, url, headers: request.headers, body: body.toString() }, arn);
    if (!call) return void response.writeHead(501).end(`${method} ${url} is not known to call-recorder.ts`);
    calls.set(JSON.stringify(call), call);
    const { host: _, connection: __, 'transfer-encoding': ___, ...headers } = request.headers;
    const sent = { method, headers: headers as Record<string, string>, ...(body.length > 0 && { body }) };
    const received = await fetch(moto + url, sent);
    const kept = new Headers(received.headers);
    // fetch has decoded it.
    for (const name of ['content-encoding', 'content-length']) kept.delete(name);
    response
      .writeHead(received.status, Object.fromEntries(kept))
      .end(Buffer.from(await received.arrayBuffer()));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: () => [...calls.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, call]) => call),
    close: () => server.close(),
  };
}

/** Requests of Lambda's REST API → action. https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html */
const LAMBDA: readonly (readonly [request: RegExp, action: string])[] = [
  [/^GET .*\/functions\/[^/]+$/, 'GetFunction'],
  [/^GET .*\/configuration$/, 'GetFunctionConfiguration'],
  [/^GET .*\/aliases\/[^/]+$/, 'GetAlias'],
  [/^PUT .*\/aliases\/[^/]+$/, 'UpdateAlias'],
  [/^PUT .*\/code$/, 'UpdateFunctionCode'],
  [/^POST .*\/invocations$/, 'InvokeFunction'],
];

type Arn = (service: string, resource: string) => string;

interface AwsRequest {
  method: string;
  url: string;
  headers: NodeJS.Dict<string | string[]>;
  body: string;
}

/** Returns undefined for a request whose action is not known here; it fails, so that each call is recorded. */
function callOf({ method, url, headers, body }: AwsRequest, arn: Arn): RecordedCall | undefined {
  const [target, operation] = String(headers['x-amz-target'] ?? '').split('.');
  const input = body.startsWith('{') ? JSON.parse(body) : {};
  switch (target) {
    case 'AmazonEC2ContainerRegistry_V20150921': {
      const { repositoryName } = input;
      const resource = repositoryName ? arn('ecr', `repository/${repositoryName}`) : '*';
      return { action: `ecr:${operation}`, resource };
    }
    case 'AmazonSSM':
      return { action: `ssm:${operation}`, resource: arn('ssm', `parameter${input.Name}`) };
    case 'DynamoDB_20120810':
      return { action: `dynamodb:${operation}`, resource: arn('dynamodb', `table/${input.TableName}`) };
    default:
      return lambdaCall(method, new URL(url, 'http://moto'), arn);
  }
}

function lambdaCall(method: string, { pathname, searchParams }: URL, arn: Arn): RecordedCall | undefined {
  const [, action] = LAMBDA.find(([request]) => request.test(`${method} ${pathname}`)) ?? [];
  if (!action) return undefined;
  const [, name = '', alias = ''] =
    /\/functions\/([^/]+)(?:\/aliases\/([^/]+))?/.exec(decodeURIComponent(pathname)) ?? [];
  const qualifier = alias || searchParams.get('Qualifier');
  const resource = name.startsWith('arn:') ? name : arn('lambda', `function:${name}`);
  return { action: `lambda:${action}`, resource: qualifier ? `${resource}:${qualifier}` : resource };
}
