/** Apify's mcpc. */
import { execFileSync } from 'node:child_process';
import { args, command, report, token, url } from './driver.mjs';

const run = (...words) => execFileSync(process.execPath, [command('mcpc'), ...words], { encoding: 'utf8' });
const header = token ? ['--header', `Authorization: Bearer ${token}`] : [];
run('connect', url, '@glossary', ...header);
try {
  const listed = JSON.parse(run('--json', '@glossary', 'tools-list'));
  const text = run(
    '--json',
    '@glossary',
    'tools-call',
    'lookup_many',
    `terms:=${JSON.stringify(args.terms)}`,
  );
  report({ tools: (listed.tools ?? listed).map(({ name }) => name), text });
} finally {
  run('close', '@glossary');
}
