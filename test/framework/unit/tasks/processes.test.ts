/**
 * Tasks in real processes: the Runtime Interface Client in the local Lambda with its event queue and retries, and the
 * conformance suite's scenarios of the extension.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CLIENTS } from '../../../helpers/clients.ts';
import { closeAll } from '../../../helpers/close-all.ts';
import { startDynamoDb, type TestDynamoDb } from '../../../helpers/dynamodb.ts';
import { type RunningLambda, startFunction } from '../../../helpers/local-lambda.ts';
import { outlive } from './demo.ts';
import { TaskClient } from './task-client.ts';

const CREDENTIALS = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'not-checked-there' };

describe('a tool that runs for longer than its client waits', () => {
  test('returns its result without any setting, although its environment is killed once', async () => {
    const outlived = await outlive({ seconds: 10, timeoutMs: 9_000, leaseMs: 3_000, many: 20 });
    expect(outlived.task).toMatchObject({
      status: 'completed',
      result: { content: [{ type: 'text', text: 'counted to 10' }] },
    });
    expect(outlived.longest).toBeLessThan(9_000);
    expect(outlived.runs.map(({ done = false }) => done)).toEqual([false, false, true]);
    expect(new Set(outlived.runs.map(({ pid }) => pid)).size).toBe(2);
    expect(outlived.statusMessages.join()).toMatch(/\d of 10: counting/);
    expect(outlived.output).toMatch(/failed and is retried \(1 of 2\)/);
    expect(outlived.many).toMatchObject({ statuses: ['completed'], runs: 20 });
  });
});

describe('the tasks of a function with MCP_TABLE', () => {
  let folder: string;
  let dynamo: TestDynamoDb;
  let lambda: RunningLambda;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tasks-'));
    dynamo = await startDynamoDb('elsewhere');
    lambda = await startFunction(
      'stream',
      {
        args: ['--self-invoke', 'on', '--invoke-port', '0', '--retry-delay', '0.5', '--timeout', '300'],
        env: {
          MCP_AUTH: 'none',
          MCP_TABLE: 'elsewhere',
          AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint,
          RUNS: join(folder, 'runs'),
        },
      },
      'tasks-app',
    );
  });
  afterAll(async () => {
    await closeAll(lambda);
    await dynamo?.close();
    rmSync(folder, { recursive: true });
  });

  const clientOf = (caller: string): TaskClient =>
    new TaskClient(`${lambda.url}/mcp`, { timeoutMs: 300_000, caller });
  const runsOf = (label: string): { pid: number; done?: boolean }[] =>
    readFileSync(join(folder, 'runs'), { encoding: 'utf8', flag: 'a+' })
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line))
      .filter(run => run.label === label);
  const started = async (label: string): Promise<number> => {
    await expect.poll(() => runsOf(label)).not.toEqual([]);
    return runsOf(label)[0]?.pid ?? 0;
  };

  test('a job that is delivered to three environments runs its tool once', async () => {
    const client = clientOf('me');
    const taskId = await client.create('count', { seconds: 6, label: 'race' });
    const { Items = [] } = await dynamo.client.send(new ScanCommand({ TableName: 'elsewhere' }));
    expect(Items).toHaveLength(1);
    const taskKey = Items[0]?.key?.S;
    const invoker = new LambdaClient({
      endpoint: lambda.invokeUrl,
      region: 'us-east-1',
      credentials: CREDENTIALS,
    });
    const Payload = JSON.stringify({ mcpBackgroundJob: { path: '/mcp', taskKey } });
    const again = () =>
      invoker.send(new InvokeCommand({ FunctionName: 'local', InvocationType: 'Event', Payload }));
    await Promise.all([again(), again()]);
    expect(await client.waitUntilDone(taskId)).toMatchObject({ status: 'completed' });
    await again();
    await pause(1_000);
    expect(runsOf('race').map(({ done = false }) => done)).toEqual([false, true]);
  });

  test('a task can be cancelled by its own caller, and is not found for another caller', async () => {
    const mine = clientOf('me');
    const taskId = await mine.create('count', { seconds: 300, label: 'mine' });
    await started('mine');
    const foreign = clientOf('you');
    for (const method of ['tasks/get', 'tasks/cancel'])
      expect((await foreign.send(method, { taskId })).error?.code).toBe(-32602);
    expect((await mine.get(taskId)).status).toBe('working');
    expect((await mine.send('tasks/cancel', { taskId })).error).toBeUndefined();
    expect((await mine.get(taskId)).status).toBe('cancelled');
    // The worker notices at its next heartbeat.
    await lambda.printed(/REPORT RequestId: \S+\tDuration: \d+/);
    await pause(2_500);
    expect(runsOf('mine')).toHaveLength(1);
    expect((await mine.get(taskId)).status).toBe('cancelled');
  });

  test('a task whose environment is killed at every attempt fails with the reason', async () => {
    const client = clientOf('me');
    const taskId = await client.create('count', { seconds: 300, label: 'doomed' });
    for (let times = 1; times <= 3; times += 1) {
      await expect.poll(() => runsOf('doomed').length).toBe(times);
      process.kill(runsOf('doomed').at(-1)?.pid ?? 0, 'SIGKILL');
    }
    expect(await client.waitUntilDone(taskId)).toMatchObject({
      status: 'failed',
      error: { code: -32603, message: expect.stringContaining('its execution environment ended') },
    });
    await lambda.printed(/is dropped \(RetriesExhausted\)/);
    expect(runsOf('doomed')).toHaveLength(3);
  });
});

test('without a table, a task fails without returning the reason, and other requests are served', async () => {
  await using lambda = await startFunction('stream', { env: { MCP_AUTH: 'none' } }, 'tasks-app');
  const client = new TaskClient(`${lambda.url}/mcp`, { timeoutMs: 300_000 });
  expect((await client.send('tools/list', {})).result).toMatchObject({ tools: [{ name: 'count' }] });
  const { error } = await client.send('tools/call', { name: 'count', arguments: { seconds: 1 } });
  expect(error).toMatchObject({ code: -32603, message: expect.not.stringContaining('MCP_TABLE') });
  await lambda.printed(/MCP_TABLE is not set/);
});

/** Starts the tasks fixture with its own table. */
function startTasks(): Promise<RunningLambda> {
  const args = ['--self-invoke', 'on', '--tables', 'tasks:key', '--timeout', '20'];
  const env = { MCP_AUTH: 'none', MCP_TABLE: 'tasks' };
  return startFunction('stream', { args, env }, 'tasks-app');
}

describe('a client without the extension', () => {
  let lambda: RunningLambda;
  beforeAll(async () => {
    lambda = await startTasks();
  });
  afterAll(() => closeAll(lambda));

  test.concurrent.each(['SDK v1', 'SDK v2, modern'] as const)(
    '%s gets the result in the call, or a text that explains how to poll for it',
    async name => {
      const client = await CLIENTS[name](`${lambda.url}/telling`);
      expect(await client.tools()).toEqual(['count', 'get_result']);
      // The first call waits for environments to start.
      await client.call('count', { seconds: 0.2 });
      expect(await client.call('count', { seconds: 0.2 })).toMatchObject({
        text: 'counted to 0.2',
        isError: false,
      });
      const { text: early, progress } = await client.call('count', { seconds: 9 }, true);
      const [, taskId = ''] = /Call the tool get_result with taskId "([^"]+)"/.exec(early) ?? [];
      expect(taskId).toHaveLength(32);
      expect(progress[0]?.message).toMatch(/\d of 9: counting/);
      const later = async (): Promise<string> => (await client.call('get_result', { taskId })).text;
      let late = await later();
      while (late.startsWith('The work is still in progress')) late = await later();
      expect(late).toBe('counted to 9');
      expect(await client.call('get_result', { taskId: 'never' })).toMatchObject({
        isError: true,
        text: expect.stringContaining('Task not found'),
      });
      await client.close();
    },
  );

  test('cannot get the result of another caller', async () => {
    const mine = new TaskClient(`${lambda.url}/telling/mcp`, { timeoutMs: 300_000 });
    const taskId = await mine.create('count', { seconds: 0.1 });
    const yours = new TaskClient(`${lambda.url}/telling/mcp`, { timeoutMs: 300_000, caller: 'you' });
    const asks = { name: 'get_result', arguments: { taskId } };
    expect((await yours.send('tools/call', asks, {})).result).toMatchObject({ isError: true });
    expect((await mine.send('tools/call', asks, {})).result).toMatchObject({
      content: [{ text: 'counted to 0.1' }],
    });
  });
});

describe('the conformance suite', () => {
  let lambda: RunningLambda;
  beforeAll(async () => {
    lambda = await startTasks();
    const runs = async (scenario: string): Promise<void> => {
      const select = ['--scenario', `tasks-${scenario}`, '--timeout', '300000'];
      const args = [cli, 'server', '--url', `${lambda.url}/suite`, ...select];
      // It exits with 1 if a check fails; its output says which.
      const { stdout } = await promisify(execFile)(process.execPath, args).catch(error => error);
      printed.set(scenario, stdout);
    };
    await Promise.all(Object.keys(SCENARIOS).map(runs));
  });
  afterAll(() => closeAll(lambda));

  const cli = join(
    dirname(createRequire(import.meta.url).resolve('conformance-next/package.json')),
    'dist/index.js',
  );
  /** Scenario → checks. The suite itself skips one more scenario, about notifications. */
  const SCENARIOS: Record<string, number> = {
    lifecycle: 9,
    'capability-negotiation': 5,
    'wire-fields': 4,
    'request-state-removal': 3,
    'mrtr-input': 4,
    'request-headers': 5,
    'dispatch-and-envelope': 9,
    'required-task-error': 3,
    'mrtr-composition': 2,
  };
  const printed = new Map<string, string>();
  test.each(Object.entries(SCENARIOS))('tasks-%s: %i checks', (scenario, checks) => {
    expect(printed.get(scenario)).toContain(`Passed: ${checks}/${checks}, 0 failed, 0 warnings`);
  });
});
