/**
 * The event of an Application Load Balancer with multi-value headers off, its default: only the last of repeated headers
 * and parameters is in the event, and parameters stay percent-encoded.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
 */
import { type EventContext, forwardedHeaders } from './function-url.ts';
import { eventBody, type WireRequest } from './request.ts';

const TARGET_GROUP = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/local/0000000000000000';

export function loadBalancerEvent(request: WireRequest, context: EventContext): object {
  const parameters = request.rawQuery === '' ? [] : request.rawQuery.split('&').map(pair => pair.split('='));
  return {
    requestContext: { elb: { targetGroupArn: TARGET_GROUP } },
    httpMethod: request.method,
    path: request.rawPath,
    queryStringParameters: Object.fromEntries(parameters.map(([name, ...value]) => [name, value.join('=')])),
    headers: { ...forwardedHeaders(request, context), ...Object.fromEntries(request.headers) },
    body: '',
    ...eventBody(request),
  };
}
