/**
 * The event of a REST API's Lambda proxy integration, payload format 1.0.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
 */
import { clfTime, type EventContext, forwardedHeaders, hostOf } from './function-url.ts';
import { decodedPath, eventBody, grouped, queryPairs, type WireRequest } from './request.ts';

export function restApiEvent(request: WireRequest, context: EventContext): object {
  const headers = forwardedHeaders(request, context);
  const added = Object.entries(headers).filter(
    ([name]) => !request.headers.some(([given]) => given === name),
  );
  const multi = grouped([...request.headers.filter(([name]) => name !== 'connection'), ...added]);
  const query = grouped(queryPairs(request.rawQuery));
  const path = decodedPath(request.rawPath);
  return {
    resource: '/{proxy+}',
    path,
    httpMethod: request.method,
    headers: lastOfEach(multi),
    multiValueHeaders: Object.fromEntries(multi),
    queryStringParameters: query.size > 0 ? lastOfEach(query) : null,
    multiValueQueryStringParameters: query.size > 0 ? Object.fromEntries(query) : null,
    pathParameters: { proxy: path.slice(1) },
    stageVariables: null,
    requestContext: requestContext(request, context),
    body: null,
    ...eventBody(request),
  };
}

function requestContext(request: WireRequest, context: EventContext): object {
  const { identity, authorizer, domainName, stage = '$default' } = context;
  const host = domainName ?? hostOf(request).replace(/:\d+$/, '');
  const [domainPrefix = host] = host.split('.');
  return {
    accountId: identity?.accountId ?? '123456789012',
    apiId: domainPrefix,
    ...(authorizer && { authorizer }),
    domainName: host,
    domainPrefix,
    extendedRequestId: request.requestId,
    httpMethod: request.method,
    identity: {
      accessKey: identity?.accessKey ?? null,
      accountId: identity?.accountId ?? null,
      caller: identity?.callerId ?? null,
      principalOrgId: identity?.principalOrgId ?? null,
      sourceIp: request.sourceIp,
      user: identity?.userId ?? null,
      userAgent: request.headers.find(([name]) => name === 'user-agent')?.[1] ?? null,
      userArn: identity?.userArn ?? null,
    },
    path: decodedPath(request.sentPath),
    protocol: request.protocol,
    requestId: request.requestId,
    requestTime: clfTime(request.time),
    requestTimeEpoch: request.time.getTime(),
    resourceId: 'local',
    resourcePath: '/{proxy+}',
    stage,
  };
}

function lastOfEach(groups: Map<string, string[]>): Record<string, string> {
  return Object.fromEntries([...groups].map(([name, values]) => [name, values.at(-1) ?? '']));
}
