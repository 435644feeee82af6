/**
 * Anthropic's Claude Code: its commands add and list the server, which connects; in print mode, it calls a tool for a
 * simulated model on this machine.
 */
import { execFile, execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { args, headers, report, token, url } from './driver.mjs';
import { startModel } from './model.mjs';

const vendor = new URL('../node_modules/@anthropic-ai/', import.meta.url).pathname;
const platform = readdirSync(vendor).find(name => name.startsWith(`claude-code-${process.platform}-`));
const claude = join(vendor, platform ?? '', 'claude');
const env = {
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  DISABLE_AUTOUPDATER: '1',
};
const header = token ? ['--header', `Authorization: Bearer ${token}`] : [];
const cwd = process.env.HOME;
execFileSync(claude, ['mcp', 'add', '--transport', 'http', 'glossary', url, ...header], {
  env,
  cwd,
  stdio: 'ignore',
});
const health = execFileSync(claude, ['mcp', 'get', 'glossary'], { env, cwd, encoding: 'utf8' });
if (!/Connected/.test(health)) throw new Error(health);

const model = await startModel('lookup_many', args);
const config = { mcpServers: { glossary: { type: 'http', url, headers } } };
const { stdout } = await promisify(execFile)(
  claude,
  [
    ...['-p', 'look the terms up', '--strict-mcp-config', '--mcp-config', JSON.stringify(config)],
    ...['--allowedTools', 'mcp__glossary__lookup_many', '--output-format', 'stream-json', '--verbose'],
  ],
  {
    env: {
      ...env,
      ANTHROPIC_BASE_URL: model.url,
      ANTHROPIC_API_KEY: 'not-a-key',
      ENABLE_TOOL_SEARCH: 'false',
    },
    cwd,
  },
);
model.close();
const tools = model.tools.filter(name => name.startsWith('mcp__glossary__'));
report({ tools: tools.map(name => name.replace('mcp__glossary__', '')), text: stdout });
