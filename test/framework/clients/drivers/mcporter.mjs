/** mcporter. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { args, command, headers, report, url } from './driver.mjs';

const cwd = process.env.HOME;
mkdirSync(join(cwd, 'config'));
const config = { mcpServers: { glossary: { baseUrl: url, headers } }, imports: [] };
writeFileSync(join(cwd, 'config/mcporter.json'), JSON.stringify(config));
const run = (...words) =>
  execFileSync(process.execPath, [command('mcporter'), ...words], { cwd, encoding: 'utf8' });
const { tools } = JSON.parse(run('list', 'glossary', '--json'));
const text = run('call', 'glossary.lookup_many', '--args', JSON.stringify(args), '--output', 'json');
report({ tools: tools.map(({ name }) => name), text });
