/** The code cache of the build: V8 accepts it, it contains no environment variables of the build, and the function runs without it. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { V8_FLAGS } from '../../../../app/framework/lambda/v8-flags.ts';
import { CLIENTS } from '../../../helpers/clients.ts';
import { DIST, ROOT, startApp, startDist } from '../../../helpers/local-lambda.ts';

test('V8 accepts the code cache with the flags of the function, and rejects it for another source', async () => {
  const probe = `
    const { readFileSync } = require('node:fs');
    const { Script } = require('node:vm');
    const source = readFileSync('bundle.cjs', 'utf8');
    const cachedData = readFileSync('bundle.cache');
    const rejected = text => new Script(text, { filename: 'bundle.cjs', cachedData }).cachedDataRejected;
    console.log(JSON.stringify([rejected(source), rejected(source + '//')]));`;
  const { stdout } = await promisify(execFile)(process.execPath, [...V8_FLAGS, '-e', probe], { cwd: DIST });
  expect(JSON.parse(stdout)).toEqual([false, true]);
});

test('the image starts Node with the V8 flags of the function', async () => {
  const entrypoint = /^ENTRYPOINT (.+)$/m.exec(await readFile(join(ROOT, 'Dockerfile'), 'utf8'))?.[1] ?? '';
  expect(JSON.parse(entrypoint)).toEqual(['node', ...V8_FLAGS, '/var/task/entry.mjs']);
});

test.each([
  ['of another V8', (cache: Buffer) => cache.fill(7, 4, 12)], // the version and source hashes in its header
  ['empty', () => Buffer.alloc(0)],
  ['not a cache', () => Buffer.from('not a cache at all')],
])('the function serves without a code cache if the file is %s', async (_what, change) => {
  const folder = await mkdtemp(join(tmpdir(), 'dist-'));
  await cp(DIST, folder, { recursive: true });
  await writeFile(join(folder, 'bundle.cache'), change(await readFile(join(DIST, 'bundle.cache'))));
  await using lambda = await startDist(folder);
  const response = await fetch(`${lambda.url}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
  });
  expect(await response.text()).toContain('lookup');
  await lambda.close();
  await rm(folder, { recursive: true });
});

test('the function compiles no code from text, which no code cache could contain', async () => {
  const watch =
    "globalThis.Function = new Proxy(Function, { construct: (F, code) => (console.error('compiled'), new F(...code)) });";
  await using lambda = await startApp({
    env: { MCP_AUTH: 'none', NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(watch)}` },
  });
  for (const connect of Object.values(CLIENTS)) {
    const client = await connect(lambda.url);
    expect(await client.call('lookup', { term: '' })).toMatchObject({ isError: true });
    await client.close();
  }
  expect(lambda.output()).not.toMatch(/^.*compiled.*$/m);
});

test('the code cache contains no environment variable of the build', async () => {
  const secret = 'build-time-secret-0123456789';
  const folder = await mkdtemp(join(tmpdir(), 'cache-'));
  const cache = join(folder, 'cache');
  const env = { MCP_AUTH: 'none', FIXTURE_UPSTREAM_URL: `https://${secret}.example` };
  await promisify(execFile)(
    process.execPath,
    [join(ROOT, 'scripts/build/code-cache.ts'), join(DIST, 'bundle.cjs'), join(folder, 'routes.json'), cache],
    { env },
  );
  expect((await readFile(cache)).includes(secret)).toBe(false);
  await rm(folder, { recursive: true });
});

describe('a module that reads environment variables while it is loaded', () => {
  /** Loads a bundle with this text as the build does. Returns the content of routes.json. */
  async function loaded(text: string): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'bundle-'));
    const [bundle, routes] = [join(folder, 'bundle.cjs'), join(folder, 'routes.json')];
    await writeFile(bundle, `(function (exports, require, module) { ${text} })`);
    const args = [join(ROOT, 'scripts/build/code-cache.ts'), bundle, routes];
    try {
      await promisify(execFile)(process.execPath, args, { env: { MCP_AUTH: 'none' } });
      return await readFile(routes, 'utf8');
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  test('does not fail the build if it needs them', async () => {
    const text = `
      if (!process.env.API_KEY) throw new Error('API_KEY is missing');
      const { host } = new URL(process.env.API_URL);
      exports.summary = { host, mode: process.env.MCP_AUTH, debug: process.env.MCP_DEBUG ?? 'unset' };`;
    expect(JSON.parse(await loaded(text))).toEqual({ host: 'build.invalid', mode: 'none', debug: 'unset' });
  });

  test('reads them as unset if it does not need them', async () => {
    expect(await loaded("exports.summary = { key: process.env.API_KEY ?? 'unset' };")).toBe(
      '{"key":"unset"}',
    );
  });

  test('fails the build with its first error if placeholders do not help', async () => {
    const text = "throw new Error(process.env.API_KEY ? 'API_KEY is wrong' : 'API_KEY is missing');";
    await expect(loaded(text)).rejects.toThrow(/API_KEY is missing(?![\s\S]*is wrong)/);
  });
});
