/** The start message of `npm start`, `npm run dev` and `docker run`: URLs of the MCP servers, and commands to call one. */

export interface StartupFacts {
  /** Paths of the MCP servers. */
  paths: readonly string[];
  /** Value of MCP_AUTH; undefined if it is not set. */
  auth: string | undefined;
  /** Whether browsers get a page. */
  page: boolean;
  /** More lines, such as the address of the local dashboard. */
  addresses?: readonly string[];
}

const AUTHORIZATION = 'Authorization: Bearer $MCP_TOKEN';

export function printStartupMessage(url: string, facts: StartupFacts): void {
  process.stdout.write(`\n${messageOf(url, facts)}\n`);
}

function messageOf(url: string, { paths, auth, page, addresses = [] }: StartupFacts): string {
  const [first] = paths;
  if (first === undefined)
    return `Ready at ${url}, but no MCP server is mounted: add one in app/routes.ts, .route('/mcp', mcp(server)).\n`;
  const ready = paths.map(path => `MCP server ready at ${url}${path}`);
  const methods = auth?.split(/[\s,]+/) ?? [];
  // With OAuth, Claude Code gets a token itself.
  const header = methods.includes('token') ? ` --header "${AUTHORIZATION}"` : '';
  const token = methods.some(method => method === 'token' || method === 'oauth');
  const unprotected = auth
    ? []
    : ['MCP_AUTH is not set: no authentication here. On Lambda, every request is denied.'];
  return `${[...ready, ...addresses, ...unprotected].join('\n')}

${page ? `  Browser       ${url}${first}\n` : ''}  Claude Code   claude mcp add --transport http ${clientNameOf(first)} ${url}${first}${header}
  curl          curl -s ${url}${first} -H 'content-type: application/json' -H 'accept: application/json, text/event-stream' \\
                  ${token ? `-H "${AUTHORIZATION}" ` : ''}-d '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'
`;
}

/** Returns a name for the server in a client: the words of its path. */
function clientNameOf(path: string): string {
  const words = path.split('/').filter(word => word !== '' && word !== 'mcp');
  return words.join('-').replaceAll(/[^\w-]/g, '') || 'mcp-on-lambda';
}
