/**
 * The connection to one MCP server by the SDK's client, and messages for its errors. Credentials are only in the memory of this
 * page.
 */
import {
  type AuthProvider,
  Client,
  type ElicitRequestFormParams,
  type ElicitResult,
  ProtocolError,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';

export type Ask = (question: ElicitRequestFormParams) => Promise<ElicitResult>;

export interface Connection {
  client: Client;
  /** Returns a message for the visitor about an error of a request on this connection. */
  explain(error: unknown): string;
}

/** The last response with an error status: the SDK's errors do not always contain it. */
interface DenialReason {
  status: number;
  message: string | undefined;
}

/** The page shows forms, and MCP Apps (app-host.ts). */
const CAPABILITIES = {
  elicitation: { form: {} },
  extensions: { 'io.modelcontextprotocol/ui': { mimeTypes: ['text/html;profile=mcp-app'] } },
};

/** Connects to the server. Rejects with an Error whose message is for the visitor. */
export async function connect(
  endpoint: URL,
  credentials: AuthProvider | undefined,
  ask: Ask,
): Promise<Connection> {
  let refusal: DenialReason | undefined;
  const watched = async (input: string | URL, init?: RequestInit): Promise<Response> => {
    refusal = undefined;
    const response = await fetch(input, { ...init, credentials: 'omit' });
    if (!response.ok) refusal = { status: response.status, message: await reasonIn(response.clone()) };
    return response;
  };
  const client = new Client(
    { name: 'mcp-on-lambda-page', title: 'The page of the server', version: '1.0.0' },
    { versionNegotiation: { mode: 'auto' }, capabilities: CAPABILITIES },
  );
  client.setRequestHandler('elicitation/create', ({ params }) => {
    if ('url' in params) return { action: 'decline' as const };
    return ask(params as ElicitRequestFormParams);
  });
  const explain = (error: unknown): string => sentence(error, refusal, credentials !== undefined);
  const provider = credentials && { token: () => credentials.token() };
  const options = { fetch: watched, ...(provider && { authProvider: provider }) };
  try {
    await client.connect(new StreamableHTTPClientTransport(endpoint, options));
  } catch (error) {
    throw new Error(explain(error), { cause: error });
  }
  return { client, explain };
}

async function reasonIn(response: Response): Promise<string | undefined> {
  try {
    const body = (await response.json()) as {
      error?: { message?: unknown } | string;
      message?: unknown;
    } | null;
    const message = typeof body?.error === 'object' ? body.error.message : (body?.message ?? body?.error);
    return typeof message === 'string' ? message : undefined;
  } catch {
    return undefined; // Not JSON: the endpoint is not an MCP server.
  }
}

function sentence(error: unknown, refusal: DenialReason | undefined, withToken: boolean): string {
  if (refusal) return statusSentence(refusal, withToken);
  if (error instanceof ProtocolError) return `The server returned error ${error.code}: ${error.message}`;
  const { name, message } = error as Error;
  if (name === 'AbortError') return 'Cancelled.';
  if (error instanceof TypeError || /fetch|network/i.test(message))
    return 'The server cannot be reached. Check that it is running and that you are online.';
  return `The request failed: ${message}`;
}

const STATUS: Record<number, string> = {
  404: 'There is no MCP server at this address (404).',
  413: 'The request is larger than the server accepts (413).',
  429: 'Too many concurrent calls (429): the concurrency of the function is reached. Try again in a moment.',
  500: 'The server failed (500); its log has the reason.',
  502: 'The function failed before it responded (502): it crashed, ran out of memory or timed out. Its log has the reason.',
  503: 'The server cannot check credentials at the moment (503). Try again shortly.',
  504: 'The function did not respond in time (504).',
};

function statusSentence({ status, message }: DenialReason, withToken: boolean): string {
  const said = message ? ` Message of the server: ${message}` : '';
  if (status === 401)
    return withToken
      ? `These credentials were denied (401): they are invalid, have expired, or are for another server.${said}`
      : `The server requires authentication (401): paste a token or sign in.${said}`;
  if (status === 403 && message && /origin/i.test(message))
    return `The server denies calls from this page (403): the host of the page is not configured. Set MCP_PUBLIC_URL to the URL that you use, or add its host name to MCP_ALLOWED_ORIGINS.${said}`;
  if (status === 403) return `You are authenticated, but not allowed to do this (403).${said}`;
  return `${STATUS[status] ?? `The server returned status ${status}.`}${said}`;
}
