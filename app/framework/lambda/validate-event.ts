/**
 * Checks whether an invocation's event is a valid HTTP request, before hono/aws-lambda converts it: for an event that it cannot
 * read, hono/aws-lambda returns an HTTP 200 with the text "Internal Server Error", or no status.
 *
 * Event kinds: Lambda Function URL and HTTP API (payload format 2.0), REST API (1.0), Application Load Balancer, VPC
 * Lattice. https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
 */

/** Why an event is rejected: an HTTP status and a message for the caller. */
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
/** Null, line ends and lone surrogates. */
const NOT_IN_A_HEADER = /[\0\r\n\p{Surrogate}]/u;
const HOST = /^[\w.:[\]-]+$/; // URLs allow more, such as user@host and host/path, which would lead to another host or path.

/** Returns the problem of `event`; undefined if it is a valid HTTP request. */
export function validateEvent(event: unknown): EventProblem | undefined {
  if (!isFields(event) || !isFields(event.requestContext)) return UNKNOWN_SHAPE;
  const line = requestLine(event, event.requestContext);
  if (!line) return UNKNOWN_SHAPE;
  return methodProblem(line.method, event) ?? targetProblem(line.path, event) ?? bodyProblem(event);
}

type Kind = 'alb' | 'v2' | 'lattice' | 'v1';

/** Returns the kind of the event, by the same rules as hono/aws-lambda, so that the checked fields are those that it reads. */
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
  if (bodyless && event.body) return { status: 400, message: `A ${method} request must not have a body.` };
  // The fetch API, which the app uses, does not support them.
  if (/^(connect|trace|track)$/i.test(method))
    return { status: 400, message: `The method ${method} is not supported.` };
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
    return 'The host in the event is not valid in a URL.';
  if (!URL.canParse(`https://host.invalid${path}`) || !isUrlText(event.path ?? ''))
    return 'The path in the event is not valid in a URL.';
  return queryUsable(event) ? undefined : 'The query in the event is not valid in a URL.';
}

/**
 * Letters, digits, `-` and `_`, which no client encodes (RFC 3986 section 2.3). The router decodes them: `/%6dcp` would be `/mcp`.
 */
const NEEDLESSLY_ENCODED = /%(?:2d|3\d|4[1-9a-f]|5[\daf]|6[1-9a-f]|7[\da])/i;

/**
 * Returns whether the app would see another path than the endpoint, which may apply rules by path (API keys, WAF). This is so with
 * dot segments, also percent-encoded or after an encoded slash, with characters that a URL parser drops or reads as a delimiter,
 * and with encoded letters.
 */
function changesInUrl(path: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a URL parser drops these characters.
  if (/[\x00-\x1f\x7f?#\\]/.test(path) || NEEDLESSLY_ENCODED.test(path)) return true;
  const decoded = path.replace(/%2e/gi, '.').replace(/%2f|%5c/gi, '/');
  return decoded.split('/').some(segment => segment === '.' || segment === '..');
}

/**
 * Returns the host by the same rules as hono/aws-lambda; undefined if the event has none, as in health checks of load balancers.
 */
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

/**
 * Returns whether all names are tokens and all values are `valid`, which depends on the endpoint: VPC Lattice has lists in
 * `headers`.
 */
function headersUsable(headers: unknown, valid: (value: unknown) => boolean): boolean {
  if (isNothing(headers)) return true;
  if (!isFields(headers)) return false;
  // Each request has many headers, and V8 interprets the first calls, so this calls few functions.
  for (const name of Object.keys(headers)) if (!TOKEN.test(name) || !valid(headers[name])) return false;
  return true;
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

const isText = (value: unknown): boolean => value === undefined || value === null || isHeaderText(value);
const isTexts = (values: unknown): boolean =>
  isNothing(values) || (Array.isArray(values) && values.every(isHeaderText));

function isHeaderText(value: unknown): boolean {
  return typeof value === 'string' && !NOT_IN_A_HEADER.test(value);
}

function isUrlTexts(values: unknown): boolean {
  return isNothing(values) || (Array.isArray(values) && values.every(isUrlText));
}

/** Returns whether a value is a string without lone surrogates, which cannot be percent-encoded. */
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
    return {
      status: 400,
      message: 'The event declares its body as base64, but the body is not valid base64.',
    };
  }
  return undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
