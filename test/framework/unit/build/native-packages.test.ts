/**
 * Packages from the registry that cannot be bundled, in the build with no node_modules above it: sharp and a NAPI-RS package, which
 * are native, and sql.js, which reads its WebAssembly. `npm run test:native` runs this.
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { ROOT, startDist } from '../../../helpers/local-lambda.ts';
import { ProjectCopy } from '../../../helpers/project-copy.ts';
import { describeWith, type Found } from '../../../helpers/skipped-suites.ts';

const run = promisify(execFile);
const PACKAGES = ['sharp@0.35.5', '@node-rs/crc32@1.10.8', 'sql.js@1.16.0'];
const ROUTES = `
import { McpServer } from '@modelcontextprotocol/server';
import { crc32 } from '@node-rs/crc32';
import { Hono } from 'hono';
import sharp from 'sharp';
import initSqlJs from 'sql.js';
import { mcp } from '#framework';

const TOOLS = {
  crc32: () => crc32('x'),
  sharp: async () => (await sharp({ create: { width: 2, height: 2, channels: 3, background: 'red' } }).png().toBuffer()).length,
  sql: async () => JSON.stringify(new (await initSqlJs()).Database().exec('select 1')),
};
function native() {
  const server = new McpServer({ name: 'native', version: '1' });
  for (const [name, use] of Object.entries(TOOLS))
    server.registerTool(name, {}, async () => ({ content: [{ type: 'text', text: String(await use()) }] }));
  return server;
}
export const routes = new Hono().route('/mcp', mcp(native));
`;

const installed = mkdtempSync(join(tmpdir(), 'installed-'));
const isolated = mkdtempSync(join(tmpdir(), 'isolated-'));
afterAll(() => {
  for (const folder of [installed, isolated]) rmSync(folder, { recursive: true });
});

/** Installs the packages. */
async function install(): Promise<Found<string>> {
  if (!process.env.NATIVE_PACKAGES)
    return {
      missing: 'Packages from the registry are installed only if asked for. Run: npm run test:native',
    };
  const args = [
    'install',
    '--prefix',
    installed,
    '--no-audit',
    '--no-fund',
    '--fetch-retries=1',
    ...PACKAGES,
  ];
  return run('npm', args).then(
    () => ({ found: installed }),
    ({ stderr }) => ({ missing: `The packages could not be installed. Run: npm run test:native. ${stderr}` }),
  );
}

describeWith(await install(), { inCi: 'skip' })('packages from the registry that cannot be bundled', from => {
  test('packages from the registry work without the node_modules of the project', async () => {
    using copy = new ProjectCopy();
    copy.write('app/routes.ts', ROUTES);
    addPackages(copy, from);
    await run(process.execPath, ['scripts/build/build.ts'], { cwd: copy.folder });
    cpSync(join(copy.folder, 'dist'), isolated, { recursive: true });
    await using lambda = await startDist(isolated, { args: ['--init-timeout', '20'] });
    expect(await call(lambda.url, 'crc32')).toBe('2363233923');
    expect(Number(await call(lambda.url, 'sharp'))).toBeGreaterThan(50);
    expect(await call(lambda.url, 'sql')).toBe('[{"columns":["1"],"values":[[1]]}]');
  });
});

/** Adds the packages that npm has installed in `from` to the project and its lock file. */
function addPackages(copy: ProjectCopy, from: string): void {
  const modules = join(copy.folder, 'node_modules');
  rmSync(modules);
  cpSync(join(from, 'node_modules'), modules, { recursive: true });
  for (const name of readdirSync(join(ROOT, 'node_modules')))
    if (!readdirSync(modules).includes(name))
      symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  const lock = JSON.parse(copy.read('package-lock.json'));
  const added = JSON.parse(readFileSync(join(from, 'package-lock.json'), 'utf8'));
  Object.assign(lock.packages, { ...added.packages, '': lock.packages[''] });
  copy.write('package-lock.json', JSON.stringify(lock));
}

async function call(url: string, name: string): Promise<string | undefined> {
  const response = await fetch(`${url}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} } }),
  });
  const { result } = (await response.json()) as { result: { content: { text: string }[] } };
  return result.content[0]?.text;
}
