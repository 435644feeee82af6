/** Google's Gemini CLI: its commands add and list the server, which connects; and it calls a tool for a simulated model. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { args, command, headers, report, token, url } from './driver.mjs';
import { startModel } from './model.mjs';

const env = { PATH: process.env.PATH, HOME: process.env.HOME, GEMINI_CLI_TRUST_WORKSPACE: 'true' };
const cwd = process.env.HOME;
const run = (...rest) => [
  process.execPath,
  [command('gemini'), ...rest],
  { env, cwd, encoding: 'utf8', stdio: 'pipe' },
];
const header = token ? ['--header', `Authorization: Bearer ${token}`] : [];
execFileSync(...run('mcp', 'add', '--transport', 'http', ...header, '-s', 'user', 'glossary', url));
const [node, words, options] = run('mcp', 'list');
const { stdout, stderr } = await promisify(execFile)(node, words, options);
if (!/glossary: .*Connected/.test(stdout + stderr)) throw new Error(stdout + stderr);

const model = await startModel('lookup_many', args);
mkdirSync(join(cwd, '.gemini'), { recursive: true });
const settings = {
  security: { auth: { selectedType: 'gemini-api-key' } },
  privacy: { usageStatisticsEnabled: false },
  mcpServers: { glossary: { httpUrl: url, headers, trust: true } },
};
writeFileSync(join(cwd, '.gemini/settings.json'), JSON.stringify(settings));
const [, prompt] = run(
  '-m',
  'gemini-2.5-flash',
  '--yolo',
  '-p',
  'look the terms up',
  '--output-format',
  'json',
);
await promisify(execFile)(node, prompt, {
  ...options,
  env: { ...env, GOOGLE_GEMINI_BASE_URL: model.url, GEMINI_API_KEY: 'not-a-key' },
});
model.close();
const tools = model.tools.filter(name => name.includes('glossary_'));
report({ tools: tools.map(name => name.replace(/^.*glossary_(?=lookup)/, '')), text: model.result });
