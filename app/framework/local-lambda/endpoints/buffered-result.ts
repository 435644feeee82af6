/**
 * Converts the object that a buffered handler returns into an HTTP response, by the rules of each endpoint.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads (payload format 2.0 infers missing
 * fields; 1.0 and load balancers do not).
 */
export interface HttpResponse {
  status: number;
  headers: [string, string][];
  body: Buffer;
}

interface ResultFields {
  statusCode?: unknown;
  headers?: Record<string, unknown> | null;
  multiValueHeaders?: Record<string, unknown[]> | null;
  cookies?: unknown;
  body?: unknown;
  isBase64Encoded?: unknown;
}

/** Converts a result of payload format 2.0; returns undefined if it is malformed. */
export function inferredResponse(payload: Buffer): HttpResponse | undefined {
  const result = parse(payload);
  const json: [string, string][] = [['content-type', 'application/json']];
  if (result === undefined) return { status: 200, headers: json, body: payload };
  if (typeof result === 'string') return { status: 200, headers: json, body: Buffer.from(result) };
  if (!isResult(result)) return { status: 200, headers: json, body: payload };
  const response = explicitResponse(result);
  if (response && !response.headers.some(([name]) => name === 'content-type')) response.headers.push(...json);
  return response;
}

/**
 * Converts a result of payload format 1.0 or for load balancers, which requires `statusCode`; returns undefined if it is malformed.
 */
export function strictResponse(payload: Buffer): HttpResponse | undefined {
  const result = parse(payload);
  return isResult(result) ? explicitResponse(result) : undefined;
}

function explicitResponse(result: ResultFields): HttpResponse | undefined {
  const status = Number(result.statusCode);
  if (!Number.isInteger(status) || status < 200 || status > 599) return undefined;
  if (result.body !== undefined && result.body !== null && typeof result.body !== 'string') return undefined;
  const headers: [string, string][] = Object.entries(result.headers ?? {}).map(([k, v]) => [
    k.toLowerCase(),
    String(v),
  ]);
  for (const [name, values] of Object.entries(result.multiValueHeaders ?? {})) {
    for (const value of values) headers.push([name.toLowerCase(), String(value)]);
  }
  for (const cookie of Array.isArray(result.cookies) ? result.cookies : [])
    headers.push(['set-cookie', String(cookie)]);
  return {
    status,
    headers,
    body: Buffer.from(result.body ?? '', result.isBase64Encoded ? 'base64' : 'utf8'),
  };
}

function parse(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString());
  } catch {
    return undefined; // Not JSON: the caller's rule for that applies.
  }
}

function isResult(value: unknown): value is ResultFields {
  return typeof value === 'object' && value !== null && 'statusCode' in value;
}
