/** The clients for an MCP server with one common interface: SDK v1, and SDK v2 in each of its modes. */
import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
} from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport as TransportOfV1 } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { CallToolResult as ResultV1 } from '@modelcontextprotocol/sdk/types.js';

export interface ProgressSeen {
  progress: number;
  total?: number | undefined;
  message?: string | undefined;
  /** When it arrived, in milliseconds of `performance.now()`. */
  at: number;
}

export interface CallSeen {
  text: string;
  isError: boolean;
  structured: unknown;
  progress: ProgressSeen[];
  /** When the result arrived. */
  at: number;
}

export interface TestClient {
  era: string | undefined;
  tools(): Promise<string[]>;
  call(name: string, args: Record<string, unknown>, withProgress?: WithProgress): Promise<CallSeen>;
  resource(uri: string): Promise<string>;
  prompt(name: string, args: Record<string, string>): Promise<string>;
  complete(uri: string, argument: string, value: string): Promise<string[]>;
  completePrompt(prompt: string, argument: string, value: string): Promise<string[]>;
  /** The URIs of the resources. */
  resources(): Promise<string[]>;
  /** The URIs of the resource templates. */
  templates(): Promise<string[]>;
  /** The names of the prompts. */
  prompts(): Promise<string[]>;
  close(): Promise<void>;
}

/** An option of a form: the value that is sent, and the label. */
export interface Option {
  const: string;
  title: string;
}

export interface ClientOptions {
  headers?: Record<string, string>;
  /** Responds to elicitations. Without it, the client does not declare elicitation. */
  elicit?: (message: string, options: Option[]) => Option | undefined;
}

export const CLIENTS = {
  'SDK v1': connectV1,
  'SDK v2, legacy': (url: string, options?: ClientOptions) => connectV2(url, 'legacy', options),
  'SDK v2, modern': (url: string, options?: ClientOptions) => connectV2(url, { pin: '2026-07-28' }, options),
  'SDK v2, auto': (url: string, options?: ClientOptions) => connectV2(url, 'auto', options),
} as const;

const INFO = { name: 'test-client', version: '1.0.0' };

async function connectV1(url: string, { headers = {} }: ClientOptions = {}): Promise<TestClient> {
  const client = new ClientV1(INFO);
  const transport = new TransportV1(new URL(`${url}/mcp`), { requestInit: { headers } });
  // The SDK's types are inconsistent with exactOptionalPropertyTypes.
  await client.connect(transport as TransportOfV1);
  return {
    era: 'legacy',
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: (name, args, withProgress) =>
      seen(
        withProgress,
        onprogress =>
          client.callTool(
            { name, arguments: args },
            undefined,
            onprogress && { onprogress },
          ) as Promise<ResultV1>,
      ),
    resource: async uri => readBody((await client.readResource({ uri })).contents),
    prompt: async (name, args) =>
      readBody((await client.getPrompt({ name, arguments: args })).messages.map(m => m.content)),
    async complete(uri, name, value) {
      const { completion } = await client.complete({
        ref: { type: 'ref/resource', uri },
        argument: { name, value },
      });
      return completion.values;
    },
    async completePrompt(prompt, name, value) {
      const { completion } = await client.complete({
        ref: { type: 'ref/prompt', name: prompt },
        argument: { name, value },
      });
      return completion.values;
    },
    resources: async () => (await client.listResources()).resources.map(({ uri }) => uri),
    templates: async () => (await client.listResourceTemplates()).resourceTemplates.map(t => t.uriTemplate),
    prompts: async () => (await client.listPrompts()).prompts.map(({ name }) => name),
    close: () => client.close(),
  };
}

type Mode = 'legacy' | 'auto' | { pin: string };

async function connectV2(
  url: string,
  mode: Mode,
  { headers = {}, elicit }: ClientOptions = {},
): Promise<TestClient> {
  const client = new ClientV2(INFO, {
    versionNegotiation: { mode },
    ...(elicit && { capabilities: { elicitation: {} } }),
  });
  if (elicit) client.setRequestHandler('elicitation/create', ({ params }) => answer(params, elicit));
  await client.connect(new TransportV2(new URL(`${url}/mcp`), { requestInit: { headers } }));
  return {
    era: client.getProtocolEra(),
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: (name, args, withProgress) =>
      seen(withProgress, onprogress =>
        client.callTool({ name, arguments: args }, onprogress && { onprogress }),
      ),
    resource: async uri => readBody((await client.readResource({ uri })).contents),
    prompt: async (name, args) =>
      readBody((await client.getPrompt({ name, arguments: args })).messages.map(m => m.content)),
    async complete(uri, name, value) {
      const { completion } = await client.complete({
        ref: { type: 'ref/resource', uri },
        argument: { name, value },
      });
      return completion.values;
    },
    async completePrompt(prompt, name, value) {
      const { completion } = await client.complete({
        ref: { type: 'ref/prompt', name: prompt },
        argument: { name, value },
      });
      return completion.values;
    },
    resources: async () => (await client.listResources()).resources.map(({ uri }) => uri),
    templates: async () => (await client.listResourceTemplates()).resourceTemplates.map(t => t.uriTemplate),
    prompts: async () => (await client.listPrompts()).prompts.map(({ name }) => name),
    close: () => client.close(),
  };
}

/** Whether to request progress, or a function to call with it. */
type WithProgress = boolean | ((progress: number) => void);
type OnProgress = (progress: {
  progress: number;
  total?: number | undefined;
  message?: string | undefined;
}) => void;
interface Result {
  content: readonly object[];
  isError?: boolean | undefined;
  structuredContent?: unknown;
}

async function seen(
  withProgress: WithProgress = false,
  call: (onprogress?: OnProgress) => Promise<Result>,
): Promise<CallSeen> {
  const progress: ProgressSeen[] = [];
  const onProgress: OnProgress = p => {
    progress.push({ ...p, at: performance.now() });
    if (typeof withProgress === 'function') withProgress(p.progress);
  };
  const result = await call(withProgress ? onProgress : undefined);
  const { content, isError = false, structuredContent } = result;
  return { text: readBody(content), isError, structured: structuredContent, progress, at: performance.now() };
}

function readBody(parts: readonly object[]): string {
  return parts.map(part => ('text' in part ? String(part.text) : '')).join('\n');
}

/** Chooses an option of the first property of the form. */
function answer(params: object, elicit: NonNullable<ClientOptions['elicit']>) {
  const { message, requestedSchema } = params as {
    message: string;
    requestedSchema: { properties: Record<string, object> };
  };
  const [[name = '', schema = {}] = []] = Object.entries(requestedSchema.properties);
  const { oneOf = [] } = schema as { oneOf?: Option[] };
  const choice = elicit(message, oneOf);
  return choice === undefined
    ? { action: 'decline' as const }
    : { action: 'accept' as const, content: { [name]: choice.const } };
}
