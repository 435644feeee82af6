/** Events of the endpoints, with the fields that the handlers need. */
export interface EventInit {
  method: string;
  path: string;
  query?: string;
  body?: string;
  base64?: boolean;
  multiValue?: boolean;
  domain?: string;
  headers?: Record<string, string>;
}

const HEADERS = { host: 'mcp.example', 'x-one': 'a', 'content-type': 'application/json' };

/** Returns an event in payload format 2.0: Function URL, HTTP API. */
export function v2Event({
  method,
  path,
  query = '',
  body,
  base64 = false,
  domain = 'mcp.example',
  headers,
}: EventInit): object {
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: query,
    headers: { ...HEADERS, ...headers },
    requestContext: { domainName: domain, http: { method, path }, stage: '$default' },
    ...(body !== undefined && { body: base64 ? Buffer.from(body).toString('base64') : body }),
    isBase64Encoded: base64,
  };
}

/** Returns an event in payload format 1.0: REST API. */
export function restEvent({ method, path, query = '', body, multiValue = false }: EventInit): object {
  const parameters = Object.fromEntries(new URLSearchParams(query));
  const many = (values: Record<string, string>) =>
    Object.fromEntries(Object.entries(values).map(([k, v]) => [k, [v]]));
  return {
    httpMethod: method,
    path,
    headers: HEADERS,
    queryStringParameters: parameters,
    ...(multiValue && {
      multiValueHeaders: many(HEADERS),
      multiValueQueryStringParameters: many(parameters),
    }),
    requestContext: { domainName: 'mcp.example', httpMethod: method, path, stage: '$default' },
    body: body ?? null,
    isBase64Encoded: false,
  };
}

export function albEvent({ method, path, query = '', body = '' }: EventInit): object {
  return {
    requestContext: {
      elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/a/b' },
    },
    httpMethod: method,
    path,
    queryStringParameters: Object.fromEntries(new URLSearchParams(query)),
    headers: HEADERS,
    body,
    isBase64Encoded: false,
  };
}
