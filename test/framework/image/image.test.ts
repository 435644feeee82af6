/** The image, built from the Dockerfile, in a sandbox like Lambda's: read-only root, writable /tmp, any uid, little memory. */
import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { V8_FLAGS } from '../../../app/framework/lambda/v8-flags.ts';
import { CLIENTS } from '../../helpers/clients.ts';
import { closeAll } from '../../helpers/close-all.ts';
import { BASE, buildImage, findEngine } from '../../helpers/container-engine.ts';
import { v2Event } from '../../helpers/events.ts';
import { type FakeUpstream, startFakeUpstream } from '../../helpers/fake-upstream.ts';
import { freePort } from '../../helpers/local-lambda.ts';
import { describeWith } from '../../helpers/skipped-suites.ts';
import { findAwsRuntimeCore } from '../foreign/aws-runtime-core/build.ts';
import { startContainerRuntime } from './container-runtime.ts';

const IMAGE = 'localhost/mcp-on-lambda:test';
const MB = 1024 * 1024;

/** Returns flags for a sandbox that is read-only except for /tmp, with a uid that has no user. */
const sandbox = (memory: number): string[] => [
  '--read-only',
  ...['--tmpfs', '/tmp'],
  ...['--user', '54321:54321'],
  ...['-m', `${memory}m`, '--memory-swap', `${memory}m`],
];

const core = await findAwsRuntimeCore();

describeWith(await findEngine())('the image', engine => {
  const { run, runFlags } = engine;
  const started: string[] = [];
  let upstream: FakeUpstream;
  let env: Record<string, string>;
  const figures: Record<string, string | number> = {};

  beforeAll(async () => {
    await buildImage(engine, IMAGE);
    // A file that is read for the first time counts as memory of the container that reads it, and Node's binary would fill
    // 128 MB. On Lambda this memory does not count, so another container reads the files first.
    await run(
      'run',
      '--rm',
      ...runFlags,
      '--entrypoint',
      'sh',
      IMAGE,
      '-c',
      'cat /usr/local/bin/node /var/task/* > /dev/null 2>&1 || true',
    );
    upstream = await startFakeUpstream();
    env = upstream.env;
  }, 1_200_000);
  afterAll(async () => {
    for (const name of started) await run('rm', '-f', '-t', '0', name);
    await closeAll(upstream);
    console.table(figures);
  });

  /** Starts the image as the local Lambda, on the network of this machine so that it reaches the upstream on loopback. */
  async function startLocal(
    flags: string[],
    more: Record<string, string> = {},
  ): Promise<{ name: string; url: string }> {
    const name = `mcp-on-lambda-test-${randomUUID()}`;
    const port = await freePort();
    const settings = { ...env, PORT: String(port), HOST: '127.0.0.1', ...more };
    const variables = Object.entries(settings).flatMap(([k, v]) => ['-e', `${k}=${v}`]);
    started.push(name);
    await run('run', '-d', '--name', name, '--network', 'host', ...runFlags, ...variables, ...flags, IMAGE);
    const url = `http://127.0.0.1:${port}`;
    await expect
      .poll(() =>
        fetch(`${url}/healthz`, { signal: AbortSignal.timeout(3_000) }).then(
          r => r.status,
          () => 0,
        ),
      )
      .toBe(200);
    return { name, url };
  }

  async function expectServing(url: string): Promise<void> {
    for (const connect of Object.values(CLIENTS)) {
      const client = await connect(url);
      expect(await client.tools()).toEqual(['lookup', 'lookup_many']);
      const { text, isError } = await client.call('lookup', { term: 'tide' });
      expect([isError, text]).toEqual([false, expect.stringContaining('tide')]);
      const { progress } = await client.call('lookup_many', { terms: ['tide', 'glacier'] }, true);
      expect(progress).toHaveLength(2);
      await client.close();
    }
  }

  test.each([128, 256])('serves as the local Lambda with %i MB of memory', async memory => {
    const { url } = await startLocal(sandbox(memory));
    await expectServing(url);
  });

  test.each([128, 256])('serves as on Lambda with %i MB of memory', async memory => {
    const variables = Object.entries({ ...env, MCP_AUTH: 'none' }).flatMap(([k, v]) => ['-e', `${k}=${v}`]);
    const runtime = await startContainerRuntime(engine, IMAGE, [...sandbox(memory), ...variables]);
    try {
      await expectServing(runtime.url);
      if (memory !== 128) return;
      const client = await CLIENTS['SDK v2, modern'](runtime.url);
      for (let i = 0; i < 200; i += 1) await client.call('lookup', { term: 'tide' });
      figures['memory at 128 MB after 200 calls, MB'] = await memoryOf(runtime.container);
      const { isError } = await client.call('lookup', { term: 'x'.repeat(5 * MB) });
      expect(isError).toBe(true);
      figures['memory at 128 MB after a 5 MB request, MB'] = await memoryOf(runtime.container);
      expect((await client.call('lookup', { term: 'tide' })).isError).toBe(false);
      await client.close();
    } finally {
      await runtime.close();
    }
  });

  // As in README.md: https://docs.aws.amazon.com/lambda/latest/dg/images-test.html
  describeWith(core)('under AWS’s emulator', ({ rie }) => {
    /** Starts the emulator. Returns a function that sends an event to it. */
    async function startEmulator(
      handler: string,
      flags: string[] = [],
    ): Promise<(event: object) => Promise<string>> {
      const port = await freePort();
      const name = `mcp-on-lambda-test-${randomUUID()}`;
      started.push(name);
      const emulator = ['-v', `${dirname(rie)}:/aws-lambda:ro`, '--entrypoint', '/aws-lambda/aws-lambda-rie'];
      const published = ['-p', `127.0.0.1:${port}:8080`, '-e', 'MCP_AUTH=none'];
      const all = [...runFlags, ...published, ...emulator, ...flags];
      await run('run', '-d', '--name', name, ...all, IMAGE, 'node', '/var/task/entry.mjs', handler);
      return event => invokeEmulator(port, event);
    }
    const expectTools = (payload: string): void => {
      const { statusCode, body } = resultOf(payload);
      expect(statusCode).toBe(200);
      expect(body).toContain('"lookup_many"');
    };

    test.each(['handler.buffered', 'handler.stream'])(
      'lists the tools by %s, one invocation after the other',
      async handler => {
        const invoke = await startEmulator(handler, sandbox(256));
        for (const _ of [1, 2]) expectTools(await invoke(LIST_TOOLS));
      },
    );

    test.each(['handler.buffered', 'handler.stream'])(
      'lists the tools by %s for several callers at the same time, as on Managed Instances',
      async handler => {
        const folder = await mkdtemp(join(tmpdir(), 'bootstrap-'));
        try {
          // In this mode the emulator requires a bootstrap file, and to run as root.
          await chmod(folder, 0o755); // It starts the bootstrap as another user.
          await writeFile(join(folder, 'bootstrap'), BOOTSTRAP, { mode: 0o755 });
          const variables = [
            'AWS_LAMBDA_MAX_CONCURRENCY=4',
            'AWS_LAMBDA_NODEJS_WORKER_COUNT=6',
            `_HANDLER=${handler}`,
          ];
          const flags = [
            '--user',
            '0:0',
            '-v',
            `${folder}:/opt:ro`,
            ...variables.flatMap(variable => ['-e', variable]),
          ];
          const invoke = await startEmulator(handler, flags);
          expectTools(await invoke(LIST_TOOLS));
          for (const payload of await Promise.all([1, 2, 3].map(() => invoke(LIST_TOOLS))))
            expectTools(payload);
        } finally {
          await rm(folder, { recursive: true });
        }
      },
    );
  });

  /** Returns the private memory of the process in the container, without mapped files (Node itself). */
  async function memoryOf(container: string): Promise<string> {
    const pid = (await run('inspect', '--format', '{{.State.Pid}}', container)).trim();
    const { stdout } = await promisify(execFile)('sed', [
      '-n',
      's/^RssAnon:\\s*\\([0-9]*\\) kB/\\1/p',
      `/proc/${pid}/status`,
    ]);
    expect(Number(stdout)).toBeGreaterThan(0);
    return (Number(stdout) / 1024).toFixed(1);
  }

  test('denies every request on Lambda without settings', async () => {
    const runtime = await startContainerRuntime(engine, IMAGE, sandbox(256));
    const response = await fetch(`${runtime.url}/mcp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    await runtime.close();
    expect([response.status, await response.text()]).toEqual([
      401,
      expect.stringContaining('Set MCP_AUTH to'),
    ]);
  });

  test('passes its environment variables to the function, and logs to stdout', async () => {
    const token = randomUUID();
    const digest = createHash('sha256').update(token).digest('hex');
    const { name, url } = await startLocal(sandbox(256), { MCP_AUTH: 'token', MCP_TOKEN_SHA256: digest });
    await expect(CLIENTS['SDK v2, modern'](url)).rejects.toThrow();
    const client = await CLIENTS['SDK v2, modern'](url, { headers: { authorization: `Bearer ${token}` } });
    expect(await client.tools()).toHaveLength(2);
    await client.close();
    await expect.poll(() => run('logs', name)).toMatch(/REPORT RequestId[\s\S]*"caller":"token-/);
  });

  test.each(['SIGINT', 'SIGTERM'])('ends with status 0 on %s', async signal => {
    const { name } = await startLocal(sandbox(256));
    await run('kill', '-s', signal, name);
    expect((await run('wait', name)).trim()).toBe('0');
  });

  test('is reachable at a port that is published on 127.0.0.1', async () => {
    const port = await freePort();
    const name = `mcp-on-lambda-test-${randomUUID()}`;
    started.push(name);
    await run(
      'run',
      '-d',
      '--name',
      name,
      ...runFlags,
      '-p',
      `127.0.0.1:${port}:8080`,
      ...sandbox(256),
      IMAGE,
    );
    const client = await expect
      .poll(() => CLIENTS['SDK v2, modern'](`http://127.0.0.1:${port}`))
      .toBeDefined()
      .then(() => CLIENTS['SDK v2, modern'](`http://127.0.0.1:${port}`));
    expect(await client.tools()).toHaveLength(2);
    await client.close();
  });

  test('has the documented entry point, argument, user, labels and health check', async () => {
    const [image] = JSON.parse(await run('image', 'inspect', IMAGE));
    const { Entrypoint, Cmd, User, Labels, Healthcheck } = image.Config;
    expect({ Entrypoint, Cmd, User }).toEqual({
      Entrypoint: ['node', ...V8_FLAGS, '/var/task/entry.mjs'],
      Cmd: ['handler.stream'],
      User: '1000:1000',
    });
    expect(Labels['org.opencontainers.image.licenses']).toBe('Apache-2.0');
    expect((Healthcheck ?? image.HealthCheck ?? image.Healthcheck).Test.slice(0, 2)).toEqual(['CMD', 'node']);
  });

  test('contains only the build: no npm, no compiler, no source', async () => {
    const list = async (image: string): Promise<Set<string>> => {
      const files = await run(
        'run',
        '--rm',
        ...runFlags,
        '--user',
        '0',
        '--entrypoint',
        'find',
        image,
        '/',
        '-xdev',
        '-type',
        'f',
        '-not',
        '-path',
        '/proc/*',
        '-not',
        '-path',
        '/sys/*',
        '-not',
        '-path',
        '/run/*',
      );
      return new Set(files.split('\n').filter(Boolean));
    };
    const [base, ours] = await Promise.all([list(BASE), list(IMAGE)]);
    const added = [...ours]
      .filter(file => !base.has(file) && !/^\/(etc\/(hosts|hostname|resolv.conf|mtab)|dev\/)/.test(file))
      // Files next to the servers of app/, and packages that are not bundled.
      .filter(file => !/^\/var\/task\/(?:app|node_modules)\//.test(file))
      .sort();
    const hashed = [
      /^\/var\/task\/local\/[\w-]+-[A-Z0-9]{8}\.mjs$/,
      /^\/var\/task\/page\/(?:app-host|chunk|console|webapi)-[A-Z0-9]{8}\.js(?:\.br)?$/,
      /^\/var\/task\/page\/(?:icon|page)-[0-9a-f]{10}\.\w+(?:\.br)?$/,
    ];
    const chunks = added.filter(file => hashed.some(pattern => pattern.test(file)));
    expect(added.filter(file => !chunks.includes(file))).toEqual([
      '/var/task/authorizer.mjs',
      '/var/task/bundle.cache',
      '/var/task/bundle.cjs',
      '/var/task/bundle.cjs.map',
      '/var/task/entry.mjs',
      '/var/task/handler.mjs',
      '/var/task/limits.cjs',
      '/var/task/local.mjs',
      '/var/task/local/dashboard.css',
      '/var/task/local/dashboard.html',
      '/var/task/local/dashboard.js',
      '/var/task/oauth-proxy.cjs',
      '/var/task/page.cjs',
      '/var/task/page/app-frame.html',
      '/var/task/page/files.json',
      '/var/task/reseed.node',
      '/var/task/ric/index.mjs',
      '/var/task/ric/rapid-client.node',
      '/var/task/routes.json',
      '/var/task/sbom.cdx.json',
      '/var/task/server-reuse.cjs',
      '/var/task/snap-start-thread.cjs',
      '/var/task/snap-start.mjs',
      '/var/task/tool-call-hook.cjs',
    ]);
    expect([...ours].filter(file => /\/(npm|npx|yarn|corepack|g\+\+|cc1plus|cmake)$/.test(file))).toEqual([]);
    figures['files outside the base'] = added.length;
  });

  test('contains in /var/task exactly the files of its SBOM, which also names its base image', async () => {
    const inImage = (entrypoint: string, ...args: string[]) =>
      run('run', '--rm', ...runFlags, '--entrypoint', entrypoint, IMAGE, ...args);
    const sums = await inImage('find', '/var/task', '-type', 'f', '-exec', 'sha256sum', '{}', '+');
    const found = sums
      .trim()
      .split('\n')
      .map(line => line.replace('  /var/task/', ' ').split(' ').reverse())
      .filter(([name]) => name !== 'sbom.cdx.json');
    const { components } = JSON.parse(await inImage('cat', '/var/task/sbom.cdx.json')) as {
      components: { type: string; name: string; version?: string; hashes?: { content: string }[] }[];
    };
    const listed = components.filter(({ type }) => type === 'file');
    expect(found.toSorted()).toEqual(
      listed.map(({ name, hashes }) => [name, hashes?.[0]?.content]).toSorted(),
    );
    const [base] = components.filter(({ type }) => type === 'container');
    expect(`${base?.name}:${base?.version}`).toBe(BASE);
    const node = components.find(({ type }) => type === 'platform');
    expect(`v${node?.version}`).toBe((await inImage('node', '--version')).trim());
  });

  test('runs without a shell and other programs than Node', async () => {
    const name = `mcp-on-lambda-test-${randomUUID()}`;
    const hidden = ['/bin', '/usr/sbin', '/usr/bin', '/sbin'].flatMap(folder => ['--tmpfs', `${folder}:ro`]);
    started.push(name);
    await run('run', '-d', '--name', name, ...runFlags, ...sandbox(256), ...hidden, IMAGE);
    await expect.poll(() => run('logs', name)).toContain('MCP server ready');
  });

  test('adds at most 4 MB to its base image', async () => {
    const size = async (image: string) => Number(JSON.parse(await run('image', 'inspect', image))[0].Size);
    const [base, ours] = [await size(BASE), await size(IMAGE)];
    const { stdout: compressed } = await promisify(execFile)('sh', [
      '-c',
      `${engine.name} save ${IMAGE} | gzip -1 | wc -c`,
    ]);
    figures['uncompressed, MB'] = (ours / MB).toFixed(1);
    figures['compressed, MB'] = (Number(compressed) / MB).toFixed(1);
    figures['our layers, MB'] = ((ours - base) / MB).toFixed(2);
    expect(ours - base).toBeLessThan(4 * MB);
  });
});

const LIST_TOOLS = v2Event({
  method: 'POST',
  path: '/mcp',
  headers: { accept: 'application/json, text/event-stream' },
  body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
});

const BOOTSTRAP = '#!/bin/sh\nexec node /var/task/entry.mjs\n';
const RETRY_MS = 200;

/** Invokes the emulator, and retries until it listens and, in Managed Instances mode, has a free runtime. */
async function invokeEmulator(port: number, event: object): Promise<string> {
  const url = `http://127.0.0.1:${port}/2015-03-31/functions/function/invocations`;
  for (;;) {
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(event) }).catch(() => undefined);
    if (response && response.status !== 400) return response.text();
    await sleep(RETRY_MS);
  }
}

/** Parses a streamed response, which the emulator does not interpret: JSON, 8 NUL bytes, body. */
function resultOf(payload: string): { statusCode: number; body: string } {
  const [prelude = '', body] = payload.split('\0'.repeat(8));
  return body === undefined ? JSON.parse(prelude) : { ...JSON.parse(prelude), body };
}
