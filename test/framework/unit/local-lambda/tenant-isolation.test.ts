/** `--isolation per-caller`: the environments of each tenant, and the invocations that Lambda rejects. */
import { existsSync, mkdtempDisposableSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { expect, test } from 'vitest';
import { type RunningLambda, startFunction } from '../../../helpers/local-lambda.ts';

interface Served {
  pid: number;
  tenantId: string;
  served: string[];
  inFile: string[];
  folder: string;
  authorizer?: Record<string, unknown>;
}

const MODULE = 'tenant-functions';
const PER_CALLER = [
  ...['--isolation', 'per-caller', '--endpoint', 'rest-api', '--invoke-mode', 'BUFFERED'],
  ...['--authorizer', `${MODULE}.authorize`, '--invoke-port', '0'],
];

const start = (handler: string, ...args: string[]): Promise<RunningLambda> =>
  startFunction(handler, { args: [...PER_CALLER, ...args] }, MODULE);

function clientOf({ invokeUrl }: RunningLambda) {
  const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'not-checked-here' };
  const client = new LambdaClient({ endpoint: invokeUrl, region: 'us-east-1', credentials, maxAttempts: 1 });
  return {
    async call(TenantId: string, payload: object = {}): Promise<Served> {
      const input = { FunctionName: 'local', Payload: JSON.stringify(payload), TenantId };
      const { Payload, FunctionError } = await client.send(new InvokeCommand(input));
      const text = Buffer.from(Payload ?? []).toString();
      if (FunctionError) throw new Error(text);
      return JSON.parse(text);
    },
    send: (input: Partial<InvokeCommand['input']>) =>
      client.send(new InvokeCommand({ FunctionName: 'local', Payload: '{}', ...input })),
  };
}

test('an environment serves the tenant of its first invocation only, and is reused by it', async () => {
  await using lambda = await start('invoked');
  const { call } = clientOf(lambda);
  const seen: Served[] = [];
  for (let at = 0; at < 12; at += 1) seen.push(await call(at % 2 === 0 ? 'alice' : 'bob'));
  const pids = (tenant: string) =>
    new Set(seen.filter(({ tenantId }) => tenantId === tenant).map(each => each.pid));
  expect(pids('alice').size).toBe(1);
  expect(pids('bob').size).toBe(1);
  expect(new Set(seen.map(({ folder }) => folder)).size).toBe(2);
  for (const { tenantId, served, inFile } of seen) {
    expect(new Set(served)).toEqual(new Set([tenantId]));
    expect(inFile).toEqual(served);
  }
});

test('parallel calls of one tenant get several environments, none of which serves another tenant', async () => {
  await using lambda = await start('invoked');
  const { call } = clientOf(lambda);
  const seen = await Promise.all(
    Array.from({ length: 24 }, (_, at) => call(['alice', 'bob', 'carol'][at % 3] ?? '')),
  );
  const tenants = new Map<number, Set<string>>();
  for (const { pid, tenantId } of seen) tenants.set(pid, (tenants.get(pid) ?? new Set()).add(tenantId));
  for (const served of tenants.values()) expect(served.size).toBe(1);
});

test('at the maximum number of environments, an idle one of another tenant ends, and its /tmp is deleted', async () => {
  await using lambda = await start('invoked', '--environments', '1');
  const { call } = clientOf(lambda);
  const first = await call('alice');
  expect(existsSync(first.folder)).toBe(true);
  const second = await call('bob');
  expect(second.served).toEqual(['bob']);
  expect(second.inFile).toEqual(['bob']);
  await expect.poll(() => existsSync(first.folder)).toBe(false);
  expect((await call('alice')).served).toEqual(['alice']);
});

test('a caller whose environment has crashed gets a new one that serves only this caller', async () => {
  await using lambda = await start('invoked');
  const { call } = clientOf(lambda);
  const { pid } = await call('bob');
  await call('alice');
  await expect(call('alice', { exit: true })).rejects.toThrow('Runtime.ExitError');
  const again = await call('alice');
  expect(again.pid).not.toBe(pid);
  expect(again.inFile).toEqual(['alice']);
});

test('the concurrency limit counts the calls of all tenants', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'tenants-'));
  const [waitForFile, note] = [join(folder.path, 'go'), join(folder.path, 'note')];
  await using lambda = await start('invoked', '--concurrency', '2');
  const { call, send } = clientOf(lambda);
  const running = [call('alice', { waitForFile }), call('bob', { waitForFile })];
  await lambda.printed(/START[\s\S]*START/);
  await expect(call('carol')).rejects.toMatchObject({ name: 'TooManyRequestsException' });
  writeFileSync(waitForFile, '');
  await Promise.all(running);
  // An event that waited for an environment keeps its tenant.
  await send({ TenantId: 'carol', InvocationType: 'Event', Payload: JSON.stringify({ note }) });
  await expect.poll(() => existsSync(note)).toBe(true);
  expect(JSON.parse(readFileSync(note, 'utf8'))).toMatchObject({ tenantId: 'carol', served: ['carol'] });
});

test('Lambda rejects an invocation without a tenant ID, and one with a tenant ID for a function without isolation', async () => {
  await using lambda = await start('invoked');
  const { send } = clientOf(lambda);
  for (const TenantId of [undefined, 'a\tb', 'x'.repeat(257)])
    await expect(send({ TenantId })).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
      message: expect.stringContaining('is enabled with tenancy configuration. Add a valid tenant ID'),
      $metadata: { httpStatusCode: 400 },
    });
  await using shared = await startFunction('invoked', { args: ['--invoke-port', '0'] }, MODULE);
  await expect(clientOf(shared).send({ TenantId: 'alice' })).rejects.toMatchObject({
    name: 'InvalidParameterValueException',
    message: expect.stringContaining('is not enabled with tenancy configuration'),
  });
  expect((await clientOf(shared).send({})).StatusCode).toBe(200);
});

test('a REST API uses the tenant that the authorizer returned, whatever the request contains', async () => {
  await using lambda = await start('behindApi');
  const ask = async (path: string, headers: Record<string, string>, method = 'POST') => {
    const response = await fetch(`${lambda.url}/live${path}`, { method, headers });
    return { status: response.status, body: (await response.json()) as Served & { message?: string } };
  };
  const claims = { 'x-amz-tenant-id': 'bob', 'x-tenant-id': 'bob', tenant: 'bob', 'tenant-id': 'bob' };
  const { body } = await ask('/mcp?tenant=bob&tenant-id=bob', { authorization: 'Bearer alice', ...claims });
  expect(body).toMatchObject({ tenantId: 'alice', served: ['alice'], authorizer: { tenant: 'alice' } });
  expect((await ask('/.well-known/x', claims, 'GET')).body).toMatchObject({ tenantId: 'open' });
  expect(await ask('/mcp', { authorization: 'Bearer none', ...claims })).toEqual({
    status: 400,
    body: { message: expect.stringContaining('Add a valid tenant ID') },
  });
});

test('the dashboard shows the shortened tenant of each environment', async () => {
  await using lambda = await start('invoked', '--dashboard-port', '0');
  const [, dashboard = ''] = await lambda.printed(/Local dashboard: (http:\/\/127\.0\.0\.1:\d+)\//);
  const { call } = clientOf(lambda);
  const tenants = ['a'.repeat(64), 'b'.repeat(64)];
  for (const tenant of [...tenants, ...tenants]) await call(tenant);
  const { body } = await fetch(`${dashboard}/events`);
  const reader = body?.getReader();
  const text = Buffer.from((await reader?.read())?.value ?? []).toString();
  await reader?.cancel();
  const state = JSON.parse(text.slice(text.indexOf('{'))) as {
    function: { isolation: string };
    environments: { tenant?: string; invocations: number }[];
  };
  expect(state.function.isolation).toBe('per-caller');
  const served = state.environments.filter(({ invocations }) => invocations > 0);
  expect(served.map(({ tenant, invocations }) => [tenant, invocations])).toEqual([
    ['a'.repeat(12), 2],
    ['b'.repeat(12), 2],
  ]);
  expect(text).not.toContain('a'.repeat(13));
});

test.each([
  [['--endpoint', 'function-url']],
  [['--endpoint', 'http-api', '--authorizer', 'a.b']],
  [['--endpoint', 'rest-api']],
])('--isolation per-caller without a REST API and a Lambda authorizer is rejected: %j', async args => {
  await expect(
    startFunction('invoked', { args: ['--isolation', 'per-caller', ...args] }, MODULE),
  ).rejects.toThrow(/LAMBDA_ISOLATION per-caller requires LAMBDA_ENDPOINT rest-api and LAMBDA_AUTHORIZER/);
});

test('--isolation per-caller with SnapStart is rejected', async () => {
  await expect(
    startFunction('invoked', { args: [...PER_CALLER, '--snap-start', 'on'] }, MODULE),
  ).rejects.toThrow(/LAMBDA_ISOLATION per-caller and LAMBDA_SNAP_START on exclude each other/);
});
