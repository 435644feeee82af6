/** What `npm start`, `npm run dev` and `docker run` say when they are ready: which servers are where, and two ways to call one. */

/** What there is to say: paths of the MCP servers, and what the settings make of them. */
export interface StartupFacts {
  paths: readonly string[];
  /** Nobody is asked who they are, because nothing says how. */
  open: boolean;
  /** Browsers get a page. */
  page: boolean;
}

export function printStartupMessage(url: string, facts: StartupFacts): void {
  process.stdout.write(`\n${messageOf(url, facts)}\n`);
}

function messageOf(url: string, { paths, open, page }: StartupFacts): string {
  const [first] = paths;
  if (first === undefined)
    return `Ready at ${url}, but no MCP server is mounted: add one in app/routes.ts, .route('/mcp', mcp(server)).\n`;
  const lines = paths.map(path => `MCP server ready at ${url}${path}`);
  if (open) lines.push('(MCP_AUTH is not set: no authentication here. On Lambda nothing would be served.)');
  const browser = page ? `  Browser       ${url}${first}\n` : '';
  return `${lines.join('\n')}

${browser}  Claude Code   claude mcp add --transport http ${clientNameOf(first)} ${url}${first}
  curl          curl -s ${url}${first} -H 'content-type: application/json' -H 'accept: application/json, text/event-stream' \\
                  -d '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'
`;
}

/** What a client may call it: the path's own word for it. */
function clientNameOf(path: string): string {
  const words = path.split('/').filter(word => word !== '' && word !== 'mcp');
  return words.join('-').replaceAll(/[^\w-]/g, '') || 'mcp-on-lambda';
}
