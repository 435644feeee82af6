/** mcp-remote, which connects stdio clients to remote servers; the stdio client here is that of SDK v1. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { args, command, report, token, url } from './driver.mjs';

const header = token ? ['--header', `Authorization: Bearer ${token}`] : [];
const transport = new StdioClientTransport({
  command: process.execPath,
  args: [command('mcp-remote'), url, '--transport', 'http-only', ...header],
  env: { PATH: process.env.PATH, HOME: process.env.HOME },
  stderr: 'inherit',
});
const client = new Client({ name: 'driver', version: '1' });
await client.connect(transport);
let progress = 0;
const onprogress = () => {
  progress += 1;
};
const { tools } = await client.listTools();
const { content } = await client.callTool({ name: 'lookup_many', arguments: args }, undefined, {
  onprogress,
});
await client.close();
report({ tools: tools.map(({ name }) => name), text: content[0].text, progress });
