/**
 * The connection to one MCP server by the SDK's client, and what went wrong with it in words. Credentials are in the memory
 * of this page only.
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
  /** Returns an explanation for the visitor of `error`, which a request on this connection has thrown. */
  explain(error: unknown): string;
}

/** The last answer that was no success: the SDK's errors do not always carry it. */
interface DenialReason {
  status: number;
  message: string | undefined;
}

/** The page shows forms, and MCP Apps (app-host.ts). */
const CAPABILITIES = {
  elicitation: { form: {} },
  extensions: { 'io.modelcontextprotocol/ui': { mimeTypes: ['text/html;profile=mcp-app'] } },
};

/** Connects. Rejects with an Error whose message is a sentence. */
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
    return undefined; // An endpoint that is no MCP server has its own words.
  }
}

function sentence(error: unknown, refusal: DenialReason | undefined, withToken: boolean): string {
  if (refusal) return statusSentence(refusal, withToken);
  if (error instanceof ProtocolError) return `The server answered with error ${error.code}: ${error.message}`;
  const { name, message } = error as Error;
  if (name === 'AbortError') return 'Cancelled.';
  if (error instanceof TypeError || /fetch|network/i.test(message))
    return 'The server could not be reached. Is it running, and are you online?';
  return `It failed: ${message}`;
}

const STATUS: Record<number, string> = {
  404: 'There is no MCP server at this address (404).',
  413: 'What you sent is larger than the server takes (413).',
  429: 'Too many calls at once (429): all the concurrency of the function is used. Try again in a moment.',
  500: 'The server has failed (500); its log says why.',
  502: 'The function failed before it could answer (502): it crashed, ran out of memory or took too long. Its log says which.',
  503: 'The server cannot check credentials at the moment (503). Try again shortly.',
  504: 'The function did not answer in time (504).',
};

function statusSentence({ status, message }: DenialReason, withToken: boolean): string {
  const said = message ? ` It says: ${message}` : '';
  if (status === 401)
    return withToken
      ? `These credentials were refused (401): they are wrong, have expired, or are meant for another server.${said}`
      : `The server asks who calls (401): paste a token or sign in.${said}`;
  if (status === 403 && message && /origin/i.test(message))
    return `The server refuses calls from this page (403): the page’s address is not one it knows as its own. Set MCP_PUBLIC_URL to the address you use, or add its host name to MCP_ALLOWED_ORIGINS.${said}`;
  if (status === 403) return `You are known, but not allowed to do this (403).${said}`;
  return `${STATUS[status] ?? `The server answered with status ${status}.`}${said}`;
}
