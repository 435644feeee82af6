/**
 * Ways to install a server in each client: links that it opens, commands and settings to copy. They contain a placeholder instead
 * of a token, or the client asks for the token.
 *
 * Formats as documented by the clients in November 2026; the page is named at each format.
 */

export interface ServerToInstall {
  /** Its name in the client: letters, digits, hyphens, underscores. */
  name: string;
  url: string;
  /** Whether callers send a static token; with OAuth the clients get a token by themselves. */
  needsToken: boolean;
}

export interface InstallLink {
  client: string;
  href: string;
}

export interface InstallText {
  client: string;
  /** Instruction for the visitor. */
  how: string;
  text: string;
}

/** Placeholder of the token. */
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
 * Returns the query of a link for VS Code: percent-encoded JSON. VS Code asks for `inputs` and stores them.
 * https://code.visualstudio.com/api/extension-guides/ai/mcp#create-an-mcp-installation-url
 * https://code.visualstudio.com/docs/copilot/customization/mcp-servers#_input-variables-for-sensitive-data
 */
function vsCode({ name, url, needsToken }: ServerToInstall): string {
  const tokenInput = {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: VS Code inserts the input.
    headers: { Authorization: 'Bearer ${input:token}' },
    inputs: [{ id: 'token', type: 'promptString', description: `Token for ${name}`, password: true }],
  };
  return encodeURIComponent(JSON.stringify({ name, type: 'http', url, ...(needsToken && tokenInput) }));
}

/**
 * Returns the query of a link for Goose: https://block.github.io/goose/docs/getting-started/using-extensions/#deeplinks,
 * "Streamable HTTP".
 */
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
    // https://learn.chatgpt.com/docs/extend/mcp; the command names an environment variable with the token.
    {
      client: 'Codex',
      how: needsToken ? `${RUN} Codex reads the token from the variable MCP_TOKEN.` : RUN,
      text: `codex mcp add ${name} --url ${to}${needsToken ? ' --bearer-token-env-var MCP_TOKEN' : ''}`,
    },
    // https://geminicli.com/docs/tools/mcp-server#adding-a-server-gemini-mcp-add
    { client: 'Gemini CLI', how: RUN, text: `gemini mcp add --transport http${header} ${name} ${to}` },
    // https://developers.openai.com/api/docs/guides/developer-mode
    {
      client: 'ChatGPT',
      how: `Settings, Apps, Advanced settings: turn on developer mode, then create an app with this URL. The URL must be reachable from the internet${needsToken ? '. ChatGPT supports OAuth only, not tokens' : ''}.`,
      text: url,
    },
    // https://github.com/modelcontextprotocol/inspector#readme
    {
      client: 'Inspector',
      how: needsToken ? `${RUN} Enter the token under Authentication.` : RUN,
      text: `npx @modelcontextprotocol/inspector --transport http --server-url ${to}`,
    },
    { client: 'Any other', how: 'Entry in mcp.json, for most clients.', text: entry },
  ];
}

const RUN = 'Run in a terminal.';

/**
 * Returns the instruction for Claude Desktop. Connectors support servers on the internet with OAuth or without authentication:
 * https://support.claude.com/en/articles/11175166. Other servers need mcp-remote: https://github.com/geelen/mcp-remote#readme (the
 * header is in a variable, because arguments must not contain spaces).
 */
function claudeDesktop({ name, url, needsToken }: ServerToInstall): InstallText {
  const client = 'Claude Desktop';
  if (!needsToken && url.startsWith('https:'))
    return { client, how: 'Settings, Connectors, Add custom connector: paste this URL.', text: url };
  const args = [
    '-y',
    'mcp-remote',
    url,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: mcp-remote inserts the variable.
    ...(needsToken ? ['--header', 'Authorization:${AUTHORIZATION}'] : []),
  ];
  const env = needsToken ? { env: { AUTHORIZATION: `Bearer ${TOKEN}` } } : {};
  const text = JSON.stringify({ mcpServers: { [name]: { command: 'npx', args, ...env } } }, null, 2);
  return { client, how: 'Settings, Developer, Edit config: add this entry.', text };
}

/** Returns a name for the server at `path`: the words of the path. */
export function serverNameOf(path: string, only: boolean): string {
  const words = path.split('/').filter(word => word !== '' && (!only || word !== 'mcp'));
  return words.join('-').replaceAll(/[^\w-]/g, '') || 'mcp-on-lambda';
}

function headersOf({ needsToken }: ServerToInstall): { headers?: Record<string, string> } {
  return needsToken ? { headers: { Authorization: `Bearer ${TOKEN}` } } : {};
}

/** Returns a query with `%20` for spaces: some clients do not decode `+` as a space. */
function query(parameters: Readonly<Record<string, string>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** Returns a word for a shell, in single quotes if it has special characters. */
function shellWord(text: string): string {
  return /^[\w.,:/@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
