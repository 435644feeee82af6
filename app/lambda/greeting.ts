/** What `npm start` and `docker run` say when they are ready: where the server is, and two ways to call it. */
export function greet(url: string, open: boolean): void {
  const endpoint = `${url}/mcp`;
  process.stdout.write(`
MCP server ready at ${endpoint}
${open ? '(MCP_AUTH is not set: no authentication here. On Lambda nothing would be served.)\n' : ''}
  Claude Code   claude mcp add --transport http weather ${endpoint}
  curl          curl -s ${endpoint} -H 'content-type: application/json' -H 'accept: application/json, text/event-stream' \\
                  -d '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'

`);
}
