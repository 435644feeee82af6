/** A function with SnapStart (`--snap-start on`), from the publishing of its version to its first invocations. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningLambda, startDist, startFunction } from '../../../helpers/local-lambda.ts';
import { childrenOf, commandOf } from '../../../helpers/processes.ts';
import { describeWith } from '../../../helpers/skipped-suites.ts';
import { buildSnapStartApp, COMPILER, type SnapStartApp } from '../../../helpers/snap-start-app.ts';

const ARGS = ['--snap-start', 'on', '--log', 'full', '--concurrency', '1'];

/** Calls a tool and returns its text. */
async function call(url: string, name: string): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} } }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`status ${response.status}`);
  const message = /^data: (\{.*\})$/m.exec(text)?.[1] ?? text;
  return JSON.parse(message).result.content[0].text;
}

/** The process ID of the function. */
const functionOf = (lambda: RunningLambda): number => childrenOf(Number(lambda.process.pid))[0] ?? 0;
/** The programs behind mcpStdio. */
const programsOf = (lambda: RunningLambda): number[] =>
  childrenOf(functionOf(lambda)).filter(pid => commandOf(pid).includes('stdio.mjs'));

describeWith(COMPILER, { inCi: 'fail' })('a function with SnapStart', () => {
  let app: SnapStartApp;
  beforeAll(() => {
    app = buildSnapStartApp();
  });
  afterAll(() => app?.[Symbol.dispose]());
  const start = (env: Record<string, string> = {}, args: readonly string[] = []): Promise<RunningLambda> =>
    startDist(app.folder, { args: [...ARGS, ...args], env: { MCP_AUTH: 'none', ...env } });

  test('is published by init, restored for its first invocation, and warm for the second', async () => {
    await using lambda = await start();
    expect(lambda.output()).toMatch(/^INIT_REPORT Init Duration: [\d.]+ ms$/m);
    expect(lambda.output()).not.toContain('RESTORE_START');
    await call(`${lambda.url}/mcp`, 'events');
    // The response comes before the report of its invocation.
    await lambda.printed(/REPORT RequestId/);
    await call(`${lambda.url}/mcp`, 'events');
    await lambda.printed(/(REPORT RequestId.*[\s\S]*){2}/);
    const lines = lambda.output().split('\n');
    const platform = lines.filter(line => /^(INIT|RESTORE|START|REPORT)/.test(line));
    expect(platform.map(line => line.split(/[ \t]/)[0])).toEqual([
      ...['INIT_REPORT', 'RESTORE_START', 'RESTORE_REPORT', 'START', 'REPORT', 'START', 'REPORT'],
    ]);
    expect(platform[4]).toMatch(/\tRestore Duration: [\d.]+ ms\tBilled Restore Duration: \d+ ms/);
    expect(platform[4]).not.toContain('Init Duration');
    expect(platform[6]).not.toContain('Restore Duration');
    // In the request log, only the first request after the restore is "cold".
    const cold = lines.filter(line => line.includes('"type":"request"')).map(line => JSON.parse(line).cold);
    expect(cold).toEqual([true, false]);
  });

  test('runs hooks before the snapshot, the last one first, and after the restore, the first one first', async () => {
    await using lambda = await start();
    const before = ['snapshot b', 'snapshot a'];
    const printed = (): string[] => [...lambda.output().matchAll(/hook: (.*)/g)].map(([, name = '']) => name);
    expect(printed()).toEqual(before);
    expect(JSON.parse(await call(`${lambda.url}/mcp`, 'events'))).toEqual([
      ...before,
      'restore a',
      'restore b',
    ]);
  });

  test('cannot be published if a hook before the snapshot fails', async () => {
    await using lambda = await start({ FIXTURE_FAILING_HOOK: 'snapshot' });
    await lambda.printed(
      /The version cannot be published: Runtime\.BeforeSnapshotError: The hook "snapshot b" fails\./,
    );
    await expect(call(`${lambda.url}/mcp`, 'events')).rejects.toThrow('status 502');
  });

  test('fails its invocation if a hook after the restore fails', async () => {
    await using lambda = await start({ FIXTURE_FAILING_HOOK: 'restore' });
    await expect(call(`${lambda.url}/mcp`, 'events')).rejects.toThrow('status 502');
    await lambda.printed(/RESTORE_REPORT .*Error Type: Runtime\.AfterRestoreError/);
  });

  test('cannot be published without the addon', async () => {
    const copy = mkdtempSync(join(tmpdir(), 'without-addon-'));
    try {
      cpSync(app.folder, copy, { recursive: true });
      rmSync(join(copy, 'reseed.node'));
      await using lambda = await startDist(copy, { args: ARGS, env: { MCP_AUTH: 'none' } });
      await lambda.printed(/cannot be published: Runtime\.BeforeSnapshotError: SnapStart needs reseed\.node/);
    } finally {
      rmSync(copy, { recursive: true });
    }
  });

  test('restarts the programs behind mcpStdio, or keeps them in the snapshot', async () => {
    await using lambda = await start();
    const [kept, ...others] = programsOf(lambda);
    expect(others).toEqual([]);
    expect(await call(`${lambda.url}/kept`, 'pid')).toBe(String(kept));
    const restarted = Number(await call(`${lambda.url}/restarted`, 'pid'));
    expect(programsOf(lambda).sort()).toEqual([Number(kept), restarted].sort());
  });

  test('closes connections of fetch before the snapshot, and opens a new one after the restore', async () => {
    const server = createServer({ keepAliveTimeout: 600_000 }, (_request, response) =>
      response.end('fetched'),
    );
    let opened = 0;
    let closed = 0;
    server.on('connection', socket => {
      opened += 1;
      socket.once('close', () => {
        closed += 1;
      });
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      await using lambda = await start({ FIXTURE_URL: `http://127.0.0.1:${port}/` });
      await expect.poll(() => [opened, closed]).toEqual([1, 1]);
      expect(JSON.parse(await call(`${lambda.url}/mcp`, 'fetch'))).toBe('fetched');
      expect(opened).toBe(2);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  test('reads the credentials of its role from the endpoint that Lambda names, not from variables', async () => {
    await using lambda = await start({ AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'secret' });
    expect(JSON.parse(await call(`${lambda.url}/mcp`, 'credentials'))).toEqual([
      { accessKeyId: 'AKIA', secretAccessKey: 'secret', sessionToken: '' },
      null,
    ]);
  });

  test('is shown as a snapshot by the dashboard, then with the duration of its restore', async () => {
    await using lambda = await start({}, ['--dashboard-port', '0']);
    const [, dashboard = ''] = await lambda.printed(/Local dashboard: (http:\S+)/);
    const state = async () => {
      const response = await fetch(`${dashboard}events`);
      const reader = response.body?.getReader();
      const { value } = (await reader?.read()) ?? {};
      await reader?.cancel();
      return JSON.parse(
        Buffer.from(value ?? [])
          .toString()
          .replace(/^data: /, ''),
      );
    };
    expect((await state()).environments).toMatchObject([{ state: 'snapshot' }]);
    await call(`${lambda.url}/mcp`, 'events');
    await lambda.printed(/^REPORT/m);
    expect((await state()).invocations).toMatchObject([{ restoreDuration: expect.any(Number) }]);
  });
});

describe('a runtime without restore/next', () => {
  test('cannot be published with SnapStart', async () => {
    await using lambda = await startFunction('echo', { args: ARGS });
    await lambda.printed(
      /cannot be published: Runtime\.Unknown: The runtime does not implement restore\/next/,
    );
  });
});
