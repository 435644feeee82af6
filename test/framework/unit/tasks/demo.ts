/**
 * Runs a tool that takes longer than the timeout of its client. The server and route are added to a copy of this project, as a user
 * would, built and started without any setting for tasks. The execution environment is killed once while the tool runs.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { startDist } from '../../../helpers/local-lambda.ts';
import { ProjectCopy } from '../../../helpers/project-copy.ts';
import { type Json, TaskClient } from './task-client.ts';

export interface OutliveOptions {
  /** Duration of the tool, in seconds. */
  seconds: number;
  /** Timeout of each call of the client, in milliseconds. */
  timeoutMs: number;
  /** See {@link DynamoTasksOptions.leaseMs}. */
  leaseMs: number;
  /** Number of concurrent calls of a short tool afterwards. */
  many: number;
}

export interface Outlived {
  task: Json;
  /** The tool writes a line when it starts, and one when it finishes. */
  runs: { pid: number; done?: boolean }[];
  /** The longest call of the client, in milliseconds. */
  longest: number;
  statusMessages: string[];
  /** The statuses of the concurrent tasks, and the number of starts of their tool. */
  many: { statuses: string[]; runs: number; seconds: number };
  output: string;
}

const SERVER = `
import { appendFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';

export function slow(): McpServer {
  const server = new McpServer({ name: 'slow', version: '1.0.0' });
  const inputSchema = z.object({ seconds: z.number(), file: z.string() });
  server.registerTool('count', { inputSchema }, async ({ seconds, file }, ctx) => {
    const note = (more: object) => appendFileSync(file, JSON.stringify({ pid: process.pid, ...more }) + '\\n');
    note({});
    const { progressToken } = ctx.mcpReq._meta ?? {};
    for (let progress = 0; progress < seconds; progress += 1) {
      await pause(Math.min(1, seconds - progress) * 1000, undefined, { signal: ctx.mcpReq.signal });
      if (progressToken !== undefined)
        await ctx.mcpReq.notify({
          method: 'notifications/progress',
          params: { progressToken, progress: progress + 1, total: seconds, message: 'counting' },
        });
    }
    note({ done: true });
    return { content: [{ type: 'text', text: 'counted to ' + seconds }] };
  });
  return server;
}
`;
const routesOf = (leaseMs: number): string => `
import { Hono } from 'hono';
import { dynamoTasks, mcp } from '#framework';
import { slow } from './servers/slow.ts';

export const routes = new Hono().route('/mcp', mcp(slow, { tasks: dynamoTasks({ tools: { count: {} }, leaseMs: ${leaseMs} }) }));
`;

export async function outlive({ seconds, timeoutMs, leaseMs, many }: OutliveOptions): Promise<Outlived> {
  using project = new ProjectCopy();
  project.write('app/servers/slow.ts', SERVER);
  project.write('app/routes.ts', routesOf(leaseMs));
  await promisify(execFile)(process.execPath, ['scripts/build/build.ts'], { cwd: project.folder });
  const args = ['--timeout', String(seconds * 2 + 30), '--retry-delay', '1'];
  await using lambda = await startDist(join(project.folder, 'dist'), { args });
  const client = new TaskClient(`${lambda.url}/mcp`, { timeoutMs });
  const runsIn = (file: string): Outlived['runs'] =>
    readFileSync(file, { encoding: 'utf8', flag: 'a+' })
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line));

  const file = join(project.folder, 'one');
  const taskId = await client.create('count', { seconds, file });
  const statusMessages = new Set<string>();
  const poll = async (): Promise<void> => {
    const { statusMessage } = await client.get(taskId);
    if (typeof statusMessage === 'string') statusMessages.add(statusMessage);
  };
  for (const end = Date.now() + seconds * 500; Date.now() < end; ) {
    await poll();
    await pause(1_000);
  }
  const [first] = runsIn(file);
  if (!first) throw new Error(`The tool was not started:\n${lambda.output()}`);
  process.kill(first.pid, 'SIGKILL');
  const task = await client.waitUntilDone(taskId);

  const { longest } = client;
  const all = join(project.folder, 'many');
  const began = performance.now();
  // The calls wait for environments, so the timeout is long. What is checked is that each tool runs once.
  const patient = new TaskClient(`${lambda.url}/mcp`, { timeoutMs: 600_000 });
  const begun = await Promise.all(
    Array.from({ length: many }, () => patient.create('count', { seconds: 0.01, file: all })),
  ).catch(cause => {
    const why = lambda
      .output()
      .split('\n')
      .filter(line => /tasks:|AwsError/.test(line));
    throw new Error(`Not all tasks were created:\n${why.slice(0, 20).join('\n')}`, { cause });
  });
  const ended = await inTurn(begun, each => patient.waitUntilDone(each));
  return {
    task,
    runs: runsIn(file),
    longest,
    statusMessages: [...statusMessages],
    many: {
      statuses: [...new Set(ended.map(({ status }) => String(status)))],
      runs: runsIn(all).filter(({ done }) => !done).length,
      seconds: (performance.now() - began) / 1000,
    },
    output: lambda.output(),
  };
}

/** Runs eight at a time, because 1,000 polling clients would leave no CPU time for the tools on a small machine. */
async function inTurn<T, R>(items: readonly T[], does: (item: T) => Promise<R>): Promise<R[]> {
  const left = items.values();
  const results: R[] = [];
  const works = async (): Promise<void> => {
    for (const item of left) results.push(await does(item));
  };
  await Promise.all(Array.from({ length: 8 }, works));
  return results;
}
