/**
 * Tells whether an invocation's event is an HTTP request that can be served, before hono/aws-lambda turns it into one:
 * the adapter answers what it cannot read with an HTTP 200 that says "Internal Server Error", or with no status at all.
 *
 * Event kinds: Lambda Function URL and HTTP API (payload format 2.0), REST API (1.0), Application Load Balancer, VPC
 * Lattice. https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
 */

/** Why an event is refused: an HTTP status and a sentence for the caller. */
export interface EventProblem {
  status: 400 | 403;
  message: string;
}

type Fields = Record<string, unknown>;

const UNKNOWN_SHAPE: EventProblem = {
  status: 400,
  message:
    'This event is not an HTTP request. Invoke the function through a Function URL, an HTTP API (payload 2.0), a REST API, an Application Load Balancer or VPC Lattice (event version 2.0).',
};
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/; // RFC 9110 section 5.6.2
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const CONTROL = /[\0\r\n]/;
const HOST = /^[\w.:[\]-]+$/; // A URL could be made of more, and lead elsewhere: user@host, host/path.

/** The problem with `event`, or undefined when an HTTP request can be made of it. */
export function validateEvent(event: unknown): EventProblem | undefined {
  if (!isFields(event) || !isFields(event.requestContext)) return UNKNOWN_SHAPE;
  const line = requestLine(event, event.requestContext);
  if (!line) return UNKNOWN_SHAPE;
  return methodProblem(line.method, event) ?? targetProblem(line.path, event) ?? bodyProblem(event);
}

type Kind = 'alb' | 'v2' | 'lattice' | 'v1';

/** As hono/aws-lambda tells them apart: the fields that are checked must be those that it reads. */
export function kindOf(event: Fields, context: Fields): Kind {
  if (Object.hasOwn(context, 'elb')) return 'alb';
  if (Object.hasOwn(event, 'rawPath') && Object.hasOwn(context, 'http')) return 'v2';
  return Object.hasOwn(context, 'serviceArn') ? 'lattice' : 'v1';
}

const LINES: Record<Kind, (event: Fields) => [method: unknown, path: unknown]> = {
  alb: ({ httpMethod, path }) => [httpMethod, path],
  v2: ({ requestContext, rawPath }) => [((requestContext as Fields).http as Fields | null)?.method, rawPath],
  lattice: ({ method, path }) => [method, typeof path === 'string' ? path.split('?', 1)[0] : path],
  v1: ({ httpMethod, path }) => [httpMethod, path],
};

function requestLine(event: Fields, context: Fields): { method: string; path: string } | undefined {
  const [method, path] = LINES[kindOf(event, context)](event);
  if (typeof method !== 'string' || typeof path !== 'string') return undefined;
  return { method, path };
}

function methodProblem(method: string, event: Fields): EventProblem | undefined {
  if (!TOKEN.test(method)) return { status: 400, message: 'The HTTP method is not a token.' };
  const bodyless = method === 'GET' || method === 'HEAD';
  if (bodyless && event.body) return { status: 400, message: `A ${method} request must not carry a body.` };
  // Not to be had from the fetch API, which the app is written for.
  if (/^(connect|trace|track)$/i.test(method))
    return { status: 400, message: `The method ${method} is not served.` };
  return undefined;
}

function targetProblem(path: string, event: Fields): EventProblem | undefined {
  const message = targetFault(path, event, hostOf(event));
  return message === undefined ? undefined : { status: 400, message };
}

function targetFault(path: string, event: Fields, host: string | undefined): string | undefined {
  if (!path.startsWith('/')) return 'The request path must begin with a slash.';
  if (changesInUrl(path))
    return 'The request path has dot segments, characters that a URL parser changes, or encoded letters or digits.';
  const lists = kindOf(event, event.requestContext as Fields) === 'lattice';
  if (
    !headersUsable(event.headers, lists ? isTexts : isText) ||
    !headersUsable(event.multiValueHeaders, isTexts)
  )
    return 'A request header has a name or a value that HTTP does not allow.';
  if (!cookiesUsable(event.cookies)) return 'The cookies of the event are not a list of strings.';
  if (host !== undefined && !(HOST.test(host) && URL.canParse(`https://${host}/`)))
    return 'The event has a host of which no URL can be made.';
  if (!URL.canParse(`https://host.invalid${path}`) || !isUrlText(event.path ?? ''))
    return 'The event has a path of which no URL can be made.';
  return queryUsable(event) ? undefined : 'The event has a query of which no URL can be made.';
}

/** Letters, digits, `-` and `_`, which no client encodes (RFC 3986 section 2.3). The router decodes them: `/%6dcp` would be `/mcp`. */
const NEEDLESSLY_ENCODED = /%(?:2d|3\d|4[1-9a-f]|5[\daf]|6[1-9a-f]|7[\da])/i;

/**
 * Whether the app would see another path than the endpoint did, which may decide by path (API keys, WAF rules): dot segments, also
 * percent-encoded or behind an encoded slash, characters that a URL parser drops or takes for a delimiter, and encoded letters.
 */
function changesInUrl(path: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are the ones that a URL parser drops.
  if (/[\x00-\x1f\x7f?#\\]/.test(path) || NEEDLESSLY_ENCODED.test(path)) return true;
  const decoded = path.replace(/%2e/gi, '.').replace(/%2f|%5c/gi, '/');
  return decoded.split('/').some(segment => segment === '.' || segment === '..');
}

/** As hono/aws-lambda finds it; undefined if the event has none, as a load balancer's health check. */
export function hostOf(event: object): string | undefined {
  const { requestContext, headers, multiValueHeaders } = event as Fields;
  const named = (requestContext as Fields).domainName ?? (headers as Fields | null | undefined)?.host;
  const host = named ?? (multiValueHeaders as Fields | null | undefined)?.host;
  const [first] = Array.isArray(host) ? host : [host];
  return first === undefined || first === null || first === ''
    ? undefined
    : typeof first === 'string'
      ? first
      : '\0';
}

/** `valid` says what a value may be; VPC Lattice has lists in `headers`. */
function headersUsable(headers: unknown, valid: (value: unknown) => boolean): boolean {
  return isNothing(headers) || everyEntry(headers, (name, value) => TOKEN.test(name) && valid(value));
}

function cookiesUsable(cookies: unknown): boolean {
  return isNothing(cookies) || (Array.isArray(cookies) && cookies.every(isHeaderText));
}

function queryUsable({
  rawQueryString,
  queryStringParameters,
  multiValueQueryStringParameters,
  requestContext,
}: Fields): boolean {
  // VPC Lattice has lists in `queryStringParameters`; strings are accepted as well.
  const lists = Object.hasOwn(requestContext as Fields, 'serviceArn');
  const valid = (value: unknown): boolean =>
    isNothing(value) || isUrlText(value) || (lists && isUrlTexts(value));
  return (
    (isNothing(rawQueryString) || typeof rawQueryString === 'string') &&
    (isNothing(queryStringParameters) || everyEntry(queryStringParameters, (_, v) => valid(v))) &&
    (isNothing(multiValueQueryStringParameters) ||
      everyEntry(multiValueQueryStringParameters, (_, v) => isUrlTexts(v)))
  );
}

function everyEntry(fields: unknown, check: (name: string, value: unknown) => boolean): boolean {
  return (
    isFields(fields) &&
    Object.entries(fields).every(([name, value]) => name.isWellFormed() && check(name, value))
  );
}

const isText = (value: unknown): boolean => isNothing(value) || isHeaderText(value);
const isTexts = (values: unknown): boolean =>
  isNothing(values) || (Array.isArray(values) && values.every(isHeaderText));

function isHeaderText(value: unknown): boolean {
  return isUrlText(value) && !CONTROL.test(value as string);
}

function isUrlTexts(values: unknown): boolean {
  return isNothing(values) || (Array.isArray(values) && values.every(isUrlText));
}

/** Half a surrogate pair cannot be percent-encoded. */
function isUrlText(value: unknown): boolean {
  return typeof value === 'string' && value.isWellFormed();
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null;
}

function bodyProblem({ body, isBase64Encoded }: Fields): EventProblem | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body !== 'string') return { status: 400, message: 'The event body is not a string.' };
  if (isBase64Encoded && (body.length % 4 !== 0 || !BASE64.test(body))) {
    return { status: 400, message: 'The event says that its body is base64, and it is not.' };
  }
  return undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
