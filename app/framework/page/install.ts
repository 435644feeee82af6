/**
 * How each client is told of a server: links that it opens, commands and settings to copy. A token is never in them, only
 * a word to replace, or the client's own question for it.
 *
 * Formats as the clients document them, looked up in November 2026; each has its page beside it.
 */

export interface ServerToInstall {
  /** What the client is to call it: letters, digits, hyphens, underscores. */
  name: string;
  url: string;
  /** Whether callers bring a token; with OAuth the clients get one by themselves. */
  needsToken: boolean;
}

export interface InstallLink {
  client: string;
  href: string;
}

export interface InstallText {
  client: string;
  /** What to do with the text. */
  how: string;
  text: string;
}

/** What stands for the token. */
export const TOKEN = 'YOUR_TOKEN';

export function installLinks(server: ServerToInstall): InstallLink[] {
  const { name, url } = server;
  const config = base64(JSON.stringify({ url, ...headersOf(server) }));
  return [
    // https://cursor.com/docs/mcp/install-links: `config` is the entry of mcp.json, in base64.
    { client: 'Cursor', href: `cursor://anysphere.cursor-deeplink/mcp/install?${query({ name, config })}` },
    { client: 'VS Code', href: `vscode:mcp/install?${vsCode(server)}` },
    { client: 'VS Code Insiders', href: `vscode-insiders:mcp/install?${vsCode(server)}` },
    // https://lmstudio.ai/docs/app/mcp/deeplink: Cursor's notation, in base64.
    { client: 'LM Studio', href: `lmstudio://add_mcp?${query({ name, config })}` },
    { client: 'Goose', href: `goose://extension?${goose(server)}` },
  ];
}

/**
 * https://code.visualstudio.com/api/extension-guides/ai/mcp#create-an-mcp-installation-url: JSON, percent-encoded, is the
 * whole query. VS Code asks for `inputs` by itself and keeps them.
 * https://code.visualstudio.com/docs/copilot/customization/mcp-servers#_input-variables-for-sensitive-data
 */
function vsCode({ name, url, needsToken }: ServerToInstall): string {
  const asks = {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: VS Code puts the answer there.
    headers: { Authorization: 'Bearer ${input:token}' },
    inputs: [{ id: 'token', type: 'promptString', description: `Token for ${name}`, password: true }],
  };
  return encodeURIComponent(JSON.stringify({ name, type: 'http', url, ...(needsToken && asks) }));
}

/** https://block.github.io/goose/docs/getting-started/using-extensions/#deeplinks, tab "Streamable HTTP". */
function goose({ name, url, needsToken }: ServerToInstall): string {
  const header: Record<string, string> = needsToken ? { header: `Authorization=Bearer ${TOKEN}` } : {};
  const about = { id: name, name, description: `The MCP server at ${url}`, timeout: '300' };
  return query({ type: 'streamable_http', url, ...about, ...header });
}

export function installTexts(server: ServerToInstall): InstallText[] {
  const { name, url, needsToken } = server;
  const to = shellWord(url);
  const header = needsToken ? ` --header "Authorization: Bearer ${TOKEN}"` : '';
  const entry = JSON.stringify(
    { mcpServers: { [name]: { type: 'http', url, ...headersOf(server) } } },
    null,
    2,
  );
  return [
    // https://code.claude.com/docs/en/mcp
    { client: 'Claude Code', how: RUN, text: `claude mcp add --transport http ${name} ${to}${header}` },
    claudeDesktop(server),
    // https://learn.chatgpt.com/docs/extend/mcp; the token is in an environment variable, which is named.
    {
      client: 'Codex',
      how: needsToken ? `${RUN} The token is read from the variable MCP_TOKEN.` : RUN,
      text: `codex mcp add ${name} --url ${to}${needsToken ? ' --bearer-token-env-var MCP_TOKEN' : ''}`,
    },
    // https://geminicli.com/docs/tools/mcp-server#adding-a-server-gemini-mcp-add
    { client: 'Gemini CLI', how: RUN, text: `gemini mcp add --transport http${header} ${name} ${to}` },
    // https://developers.openai.com/api/docs/guides/developer-mode
    {
      client: 'ChatGPT',
      how: `Settings, Apps, Advanced settings: turn on developer mode, then create an app with this URL. It must be reached from the internet${needsToken ? ', and ChatGPT signs in by OAuth only, not by a token' : ''}.`,
      text: url,
    },
    // https://github.com/modelcontextprotocol/inspector#readme
    {
      client: 'Inspector',
      how: needsToken ? `${RUN} Put the token under Authentication.` : RUN,
      text: `npx @modelcontextprotocol/inspector --transport http --server-url ${to}`,
    },
    { client: 'Any other', how: 'The entry in mcp.json, as most clients read it.', text: entry },
  ];
}

const RUN = 'Run in a terminal.';

/**
 * Connectors are for servers on the internet, with OAuth or none: https://support.claude.com/en/articles/11175166. For all
 * others a program in between: https://github.com/geelen/mcp-remote#readme (no space in an argument, hence the variable).
 */
function claudeDesktop({ name, url, needsToken }: ServerToInstall): InstallText {
  const client = 'Claude Desktop';
  if (!needsToken && url.startsWith('https:'))
    return { client, how: 'Settings, Connectors, Add custom connector: paste this URL.', text: url };
  const args = [
    '-y',
    'mcp-remote',
    url,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: mcp-remote puts the variable there.
    ...(needsToken ? ['--header', 'Authorization:${AUTHORIZATION}'] : []),
  ];
  const env = needsToken ? { env: { AUTHORIZATION: `Bearer ${TOKEN}` } } : {};
  const text = JSON.stringify({ mcpServers: { [name]: { command: 'npx', args, ...env } } }, null, 2);
  return { client, how: 'Settings, Developer, Edit config: add this entry.', text };
}

/** What a client may call the server at `path`: the path's own words. */
export function serverNameOf(path: string, only: boolean): string {
  const words = path.split('/').filter(word => word !== '' && (!only || word !== 'mcp'));
  return words.join('-').replaceAll(/[^\w-]/g, '') || 'mcp-on-lambda';
}

function headersOf({ needsToken }: ServerToInstall): { headers?: Record<string, string> } {
  return needsToken ? { headers: { Authorization: `Bearer ${TOKEN}` } } : {};
}

/** `%20` and not `+`: these are no forms, and not every client reads a plus sign as a space. */
function query(parameters: Readonly<Record<string, string>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** As it is, where no shell reads anything into it; else in single quotes. */
function shellWord(text: string): string {
  return /^[\w.,:/@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
