/** The links and commands for each client, decoded as the client would and compared. */
import { expect, test } from 'vitest';
import { installLinks, installTexts, serverNameOf } from '../../../../app/framework/page/install.ts';

const URL_ = 'https://abc123.lambda-url.eu-west-1.on.aws/mcp';
const open = { name: 'weather', url: URL_, needsToken: false };
const closed = { ...open, needsToken: true };

function decoded(link: string): Record<string, unknown> {
  const [, query = ''] = /\?(.*)$/.exec(link) ?? [];
  if (/^vscode(-insiders)?:/.test(link))
    return JSON.parse(decodeURIComponent(query)) as Record<string, unknown>;
  const parameters = Object.fromEntries(new URLSearchParams(query));
  const { config } = parameters;
  return config
    ? { ...parameters, config: JSON.parse(Buffer.from(config, 'base64').toString()) }
    : parameters;
}

const links = (server: typeof open) =>
  Object.fromEntries(
    installLinks(server).map(({ client, href }) => [client, [href.split('?')[0], decoded(href)]]),
  );

test('install links contain only the name and URL of the server if authentication is off', () => {
  expect(links(open)).toEqual({
    Cursor: ['cursor://anysphere.cursor-deeplink/mcp/install', { name: 'weather', config: { url: URL_ } }],
    'VS Code': ['vscode:mcp/install', { name: 'weather', type: 'http', url: URL_ }],
    'VS Code Insiders': ['vscode-insiders:mcp/install', { name: 'weather', type: 'http', url: URL_ }],
    'LM Studio': ['lmstudio://add_mcp', { name: 'weather', config: { url: URL_ } }],
    Goose: [
      'goose://extension',
      {
        type: 'streamable_http',
        url: URL_,
        id: 'weather',
        name: 'weather',
        description: `The MCP server at ${URL_}`,
        timeout: '300',
      },
    ],
  });
});

test('install links have a placeholder for the token, or make the client ask for it, if authentication is on', () => {
  const made = links(closed);
  const headers = { Authorization: 'Bearer YOUR_TOKEN' };
  expect(made.Cursor?.[1]).toEqual({ name: 'weather', config: { url: URL_, headers } });
  expect(made['LM Studio']?.[1]).toEqual({ name: 'weather', config: { url: URL_, headers } });
  expect(made.Goose?.[1]).toMatchObject({ header: 'Authorization=Bearer YOUR_TOKEN' });
  expect(made['VS Code']?.[1]).toEqual({
    name: 'weather',
    type: 'http',
    url: URL_,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as VS Code has it
    headers: { Authorization: 'Bearer ${input:token}' },
    inputs: [{ id: 'token', type: 'promptString', description: 'Token for weather', password: true }],
  });
});

test('install commands have the syntax of each client', () => {
  const texts = (server: typeof open) =>
    Object.fromEntries(installTexts(server).map(({ client, text }) => [client, text]));
  expect(texts(open)).toMatchObject({
    'Claude Code': `claude mcp add --transport http weather ${URL_}`,
    'Claude Desktop': URL_,
    Codex: `codex mcp add weather --url ${URL_}`,
    'Gemini CLI': `gemini mcp add --transport http weather ${URL_}`,
    ChatGPT: URL_,
    Inspector: `npx @modelcontextprotocol/inspector --transport http --server-url ${URL_}`,
  });
  const withToken = texts(closed);
  expect(withToken).toMatchObject({
    'Claude Code': `claude mcp add --transport http weather ${URL_} --header "Authorization: Bearer YOUR_TOKEN"`,
    Codex: `codex mcp add weather --url ${URL_} --bearer-token-env-var MCP_TOKEN`,
    'Gemini CLI': `gemini mcp add --transport http --header "Authorization: Bearer YOUR_TOKEN" weather ${URL_}`,
  });
  expect(JSON.parse(withToken['Claude Desktop'] ?? '')).toEqual({
    mcpServers: {
      weather: {
        command: 'npx',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: as mcp-remote has it
        args: ['-y', 'mcp-remote', URL_, '--header', 'Authorization:${AUTHORIZATION}'],
        env: { AUTHORIZATION: 'Bearer YOUR_TOKEN' },
      },
    },
  });
});

test('install commands escape a forged host for the shell', () => {
  const [code] = installTexts({ ...open, url: "https://x.example/$(id);'`id`/mcp" });
  expect(code?.text).toBe("claude mcp add --transport http weather 'https://x.example/$(id);'\\''`id`/mcp'");
});

test('servers are named after their paths', () => {
  expect(serverNameOf('/mcp', true)).toBe('mcp-on-lambda');
  expect(serverNameOf('/mcp', false)).toBe('mcp');
  expect(serverNameOf('/tools/git hub/', false)).toBe('tools-github');
});
