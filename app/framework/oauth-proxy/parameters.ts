/** Reads the parameters of a request: each at most once (RFC 6749 section 3.1), of bounded size. */
import { OAuthRequestError } from './oauth-error.ts';

export type Parameters = Readonly<Partial<Record<string, string>>>;

/** In characters. A client id may be a registration; the client chooses the state. */
const MAX_VALUE = 4096;
const MAX_BODY = 32 * 1024;

export function parametersOf(search: URLSearchParams): Parameters {
  const found = new Map<string, string>();
  for (const [name, value] of search) {
    if (found.has(name)) throw new OAuthRequestError('invalid_request', 'A parameter is repeated.');
    if (value.length > MAX_VALUE) throw new OAuthRequestError('invalid_request', 'A parameter is too long.');
    // RFC 6749 section 3.1: a parameter without a value counts as omitted.
    if (value !== '') found.set(name, value);
  }
  return Object.fromEntries(found);
}

/** Returns the parameters of a form. Rejects with {@link OAuthRequestError}. */
export async function formOf(request: Request): Promise<Parameters> {
  const type = mediaTypeOf(request.headers);
  if (type !== 'application/x-www-form-urlencoded')
    throw new OAuthRequestError('invalid_request', 'The body must be application/x-www-form-urlencoded.');
  return parametersOf(new URLSearchParams(await textOf(request)));
}

/** Returns the JSON object of a body. */
export async function jsonOf(request: Request): Promise<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(await textOf(request));
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new OAuthRequestError('invalid_client_metadata', 'The body must be a JSON object.');
}

export function required(parameters: Parameters, name: string): string {
  const value = parameters[name];
  if (value === undefined) throw new OAuthRequestError('invalid_request', `${name} is required.`);
  return value;
}

function mediaTypeOf(headers: Headers): string | undefined {
  return headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
}

async function textOf(request: Request): Promise<string> {
  const text = await request.text();
  if (text.length > MAX_BODY) throw new OAuthRequestError('invalid_request', 'The body is too large.');
  return text;
}
