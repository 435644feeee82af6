/** What `npm start`, `npm run dev` and `docker run` say when they are ready: which servers are where, and two ways to call one. */

/** `paths` of the MCP servers; `open` when nobody is asked who they are because nothing says how. */
export function greet(url: string, paths: readonly string[], open: boolean): void {
  process.stdout.write(`\n${greeting(url, paths, open)}\n`);
}

function greeting(url: string, paths: readonly string[], open: boolean): string {
  const [first] = paths;
  if (first === undefined)
    return `Ready at ${url}, but no MCP server is mounted: add one in app/routes.ts, .route('/mcp', mcp(server)).\n`;
  const lines = paths.map(path => `MCP server ready at ${url}${path}`);
  if (open) lines.push('(MCP_AUTH is not set: no authentication here. On Lambda nothing would be served.)');
  return `${lines.join('\n')}

  Claude Code   claude mcp add --transport http ${nameOf(first)} ${url}${first}
  curl          curl -s ${url}${first} -H 'content-type: application/json' -H 'accept: application/json, text/event-stream' \\
                  -d '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'
`;
}

/** What a client may call it: the path's own word for it. */
function nameOf(path: string): string {
  const words = path.split('/').filter(word => word !== '' && word !== 'mcp');
  return words.join('-').replaceAll(/[^\w-]/g, '') || 'mcp-on-lambda';
}
