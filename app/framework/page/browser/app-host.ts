/**
 * Shows the MCP App of a tool under its result, loaded when a tool with one is called. The app runs in a sandboxed frame
 * (page/app-frame.ts) and reaches the server only through this file: it may call tools that are visible to apps, after the
 * visitor's consent unless the tool only reads, and read resources of the same server.
 *
 * https://github.com/modelcontextprotocol/ext-apps/blob/main/specification/2026-01-26/apps.mdx
 */
import '../../zod-jitless.ts';
import type { CallToolResult, Client, Tool } from '@modelcontextprotocol/client';
import {
  AppBridge,
  type McpUiResourceCsp,
  type McpUiResourceMeta,
  PostMessageTransport,
  RESOURCE_MIME_TYPE,
} from '@modelcontextprotocol/ext-apps/app-bridge';
import { button, el } from './dom.ts';

export interface AppCall {
  client: Client;
  /** The called tool, and all tools of the server. */
  tool: Tool;
  tools: readonly Tool[];
  /** URI of the app: `ui://…`. */
  uri: string;
  arguments: Record<string, unknown>;
  result: CallToolResult;
  /** Puts the element into the document. */
  place(element: HTMLElement): void;
}

export interface OpenApp {
  /** Announces the end to the app, then removes it. Never rejects. */
  close(): Promise<void>;
}

/** In pixels; a higher app scrolls. */
const MAX_HEIGHT = 1200;
const MIN_HEIGHT = 48;
/** How long an app may take to end, in milliseconds. */
const TEARDOWN_MS = 500;

/** Shows the app. Rejects if its resource cannot be read or is not an app. */
export async function openApp(call: AppCall): Promise<OpenApp> {
  const { html, csp } = await readApp(call.client, call.uri);
  const log = el('ol', { class: 'app-log', 'aria-label': 'What the app did', 'aria-live': 'polite' });
  const title = call.tool.title ?? call.tool.name;
  const frame = el('iframe', {
    title: `App: ${title}`,
    sandbox: 'allow-scripts allow-forms',
    referrerpolicy: 'no-referrer',
    src: frameUrl(csp).href,
  });
  const element = el('section', { class: 'app', 'aria-label': `App of ${title}` });
  element.append(el('p', { class: 'hint' }, `An app of this server, in a sandbox (${call.uri})`), frame, log);
  call.place(element);
  const bridge = createBridge(call, { frame, log, csp });
  bridge.addEventListener(
    'sandboxready',
    oncePerFrame(() => bridge.sendSandboxResourceReady({ html, ...(csp && { csp }) })),
  );
  const colours = matchMedia('(prefers-color-scheme: dark)');
  const followTheme = (): void => bridge.setHostContext(contextOf(call.tool));
  colours.addEventListener('change', followTheme);
  // The window of a frame stays the same when its document changes.
  const { contentWindow } = frame;
  if (!contentWindow) throw new Error('the browser did not create a window for the frame');
  await bridge.connect(new PostMessageTransport(contentWindow, contentWindow));
  return {
    async close() {
      colours.removeEventListener('change', followTheme);
      // An app that does not respond, or was never ready, is removed too.
      await bridge.teardownResource({}, { timeout: TEARDOWN_MS }).catch(() => undefined);
      await bridge.close();
      element.remove();
    },
  };
}

/** Returns a function that sends once: documents that the frame loads later get no message. */
function oncePerFrame(send: () => Promise<void>): () => void {
  let sent = false;
  return () => {
    if (!sent) void send();
    sent = true;
  };
}

async function readApp(
  client: Client,
  uri: string,
): Promise<{ html: string; csp: McpUiResourceCsp | undefined }> {
  const { contents } = await client.readResource({ uri });
  const content = contents.find(({ mimeType }) => mimeType === RESOURCE_MIME_TYPE);
  if (!content) throw new Error(`${uri} has no content of the type ${RESOURCE_MIME_TYPE}`);
  const html = 'text' in content ? content.text : fromBase64(content.blob);
  const meta = metaOf(content) ?? (await listedMeta(client, uri));
  return { html, csp: meta?.csp };
}

/** Returns the metadata in the list of resources, which apply if the content of the resource has none. */
async function listedMeta(client: Client, uri: string): Promise<McpUiResourceMeta | undefined> {
  const { resources } = await client.listResources();
  const listed = resources.find(resource => resource.uri === uri);
  return listed && metaOf(listed);
}

function metaOf({ _meta }: { _meta?: Record<string, unknown> | undefined }): McpUiResourceMeta | undefined {
  return _meta?.ui as McpUiResourceMeta | undefined;
}

function fromBase64(text: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(text), letter => letter.charCodeAt(0)));
}

/** Returns the URL of the frame with the declared domains, which the server adds to the policy. */
function frameUrl(csp: McpUiResourceCsp | undefined): URL {
  const url = new URL('app-frame', import.meta.url);
  const domains = {
    connect: csp?.connectDomains,
    resource: csp?.resourceDomains,
    frame: csp?.frameDomains,
    base: csp?.baseUriDomains,
  };
  for (const [name, list = []] of Object.entries(domains))
    for (const domain of list) url.searchParams.append(name, domain);
  return url;
}

interface Shown {
  frame: HTMLIFrameElement;
  log: HTMLElement;
  csp: McpUiResourceCsp | undefined;
}

function createBridge(call: AppCall, { frame, log, csp }: Shown): AppBridge {
  const { client, tools } = call;
  const note = (...entry: (Node | string)[]): HTMLElement => {
    const line = el('li', {}, ...entry);
    log.append(line);
    return line;
  };
  // Without the client: the bridge would forward everything to it.
  const bridge = new AppBridge(
    null,
    { name: 'mcp-on-lambda-page', title: 'The page of the server', version: '1.0.0' },
    { serverTools: {}, serverResources: {}, openLinks: {}, sandbox: csp ? { csp } : {} },
    { hostContext: contextOf(call.tool) },
  );
  bridge.oncalltool = async ({ name, arguments: values = {} }, { mcpReq: { signal } }) => {
    const tool = tools.find(each => each.name === name);
    if (!tool || !isForApps(tool)) throw new Error(`The app may not call the tool ${name}.`);
    const line = note(`Called ${name} ${JSON.stringify(values)}`);
    if (!tool.annotations?.readOnlyHint && !(await consent(line, signal)))
      throw new Error('The visitor has denied this call.');
    return client.callTool({ name, arguments: values }, { signal, timeout: 900_000 });
  };
  bridge.onreadresource = async ({ uri }, { mcpReq: { signal } }) => {
    note(`Read ${uri}`);
    return client.readResource({ uri }, { signal });
  };
  // Only the visitor opens links, because a URL can contain data of the app.
  bridge.onopenlink = async ({ url }) => {
    if (!/^https?:\/\//i.test(url)) return { isError: true };
    note('Wants to open ', el('a', { href: url, target: '_blank', rel: 'noopener noreferrer' }, url));
    return {};
  };
  bridge.addEventListener('initialized', () => {
    void bridge.sendToolInput({ arguments: call.arguments });
    void bridge.sendToolResult(call.result);
  });
  bridge.addEventListener('sizechange', ({ height }) => {
    if (height !== undefined) frame.style.height = `${Math.min(Math.max(height, MIN_HEIGHT), MAX_HEIGHT)}px`;
  });
  return bridge;
}

/** Returns whether a tool is visible to apps; by default it is visible to models and apps. */
function isForApps({ _meta }: Tool): boolean {
  const { visibility } = (_meta?.ui ?? {}) as { visibility?: unknown };
  return !Array.isArray(visibility) || visibility.includes('app');
}

/** Asks the visitor to allow the call in the line, and returns the decision. */
function consent(line: HTMLElement, signal: AbortSignal): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const decide = (allowed: boolean): void => {
    question.replaceChildren(allowed ? ' Allowed.' : ' Denied.');
    resolve(allowed);
  };
  const question = el(
    'span',
    { class: 'actions' },
    button('Allow', () => decide(true), { class: 'small' }),
    button('Deny', () => decide(false), { class: 'small' }),
  );
  line.prepend('Waiting for your consent: ');
  line.append(question);
  signal.addEventListener('abort', () => decide(false), { once: true });
  return promise;
}

function contextOf(tool: Tool) {
  return {
    toolInfo: { tool },
    theme: matchMedia('(prefers-color-scheme: dark)').matches ? ('dark' as const) : ('light' as const),
    displayMode: 'inline' as const,
    availableDisplayModes: ['inline' as const],
    containerDimensions: { maxHeight: MAX_HEIGHT },
    locale: navigator.language,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    platform: 'web' as const,
  };
}
