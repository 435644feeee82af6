/** OpenAI's Codex CLI: its app server lists tools and calls them without an account and without a model. */
import { execFileSync, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { args, command, report, token, url } from './driver.mjs';

const codex = command('codex');
const bearer = token ? ['--bearer-token-env-var', 'MCP_TOKEN'] : [];
const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...(token && { MCP_TOKEN: token }) };
execFileSync(process.execPath, [codex, 'mcp', 'add', 'glossary', '--url', url, ...bearer], {
  env,
  stdio: 'ignore',
});
const server = spawn(process.execPath, [codex, 'app-server'], { env, stdio: ['pipe', 'pipe', 'inherit'] });
const waiting = new Map();
createInterface({ input: server.stdout }).on('line', line => {
  const message = JSON.parse(line);
  waiting.get(message.id)?.(message);
});
const ask = (method, params) =>
  new Promise((resolve, reject) => {
    const id = waiting.size + 1;
    waiting.set(id, ({ result, error }) =>
      error ? reject(new Error(JSON.stringify(error))) : resolve(result),
    );
    server.stdin.write(`${JSON.stringify({ id, method, params })}\n`);
  });
await ask('initialize', { clientInfo: { name: 'driver', title: 'driver', version: '1' } });
server.stdin.write('{"method":"initialized"}\n');
const { data } = await ask('mcpServerStatus/list', { detail: 'toolsAndAuthOnly' });
const { thread } = await ask('thread/start', { ephemeral: true, cwd: process.cwd() });
const call = { threadId: thread.id, server: 'glossary', tool: 'lookup_many', arguments: args };
const result = await ask('mcpServer/tool/call', call);
server.kill();
report({ tools: Object.keys(data[0].tools), text: JSON.stringify(result) });
