/**
 * A tool that works for longer than its client waits, as somebody would add one: a server and a route in a copy of this
 * project, built and started with no settings for tasks at all. Its environment is killed once on the way.
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
  /** How long the tool works. */
  seconds: number;
  /** How long the client waits for an answer. */
  timeoutMs: number;
  /** See {@link DynamoTasksOptions.leaseMs}. */
  leaseMs: number;
  /** Calls at once of a short tool, before. */
  many: number;
}

export interface Outlived {
  task: Json;
  /** What the tool has noted: when it began and, if it came so far, ended. */
  runs: { pid: number; done?: boolean }[];
  /** The longest call of the client, in milliseconds. */
  longest: number;
  statusMessages: string[];
  /** How the many tasks ended, and how often their tool has begun. */
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
import { mcp } from './mcp/mcp.ts';
import { slow } from './servers/slow.ts';
import { dynamoTasks } from './tasks/dynamo-tasks.ts';

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
  const told = (file: string): Outlived['runs'] =>
    readFileSync(file, { encoding: 'utf8', flag: 'a+' })
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line));

  const file = join(project.folder, 'one');
  const taskId = await client.begin('count', { seconds, file });
  const statusMessages = new Set<string>();
  const heard = async (): Promise<void> => {
    const { statusMessage } = await client.get(taskId);
    if (typeof statusMessage === 'string') statusMessages.add(statusMessage);
  };
  for (const end = Date.now() + seconds * 500; Date.now() < end; ) {
    await heard();
    await pause(1_000);
  }
  const [first] = told(file);
  if (!first) throw new Error(`The work has not begun:\n${lambda.output()}`);
  process.kill(first.pid, 'SIGKILL');
  const task = await client.over(taskId, seconds * 2_000 + leaseMs + 60_000);

  const { longest } = client;
  const all = join(project.folder, 'many');
  const began = performance.now();
  // These wait for environments, and their clients with them: what is asked of them is that each is done once.
  const patient = new TaskClient(`${lambda.url}/mcp`, { timeoutMs: 600_000 });
  const begun = await Promise.all(
    Array.from({ length: many }, () => patient.begin('count', { seconds: 0.01, file: all })),
  ).catch(cause => {
    const why = lambda
      .output()
      .split('\n')
      .filter(line => /tasks:|AwsError/.test(line));
    throw new Error(`Not all were begun:\n${why.slice(0, 20).join('\n')}`, { cause });
  });
  const ended = await inTurn(begun, each => patient.over(each, 600_000));
  return {
    task,
    runs: told(file),
    longest,
    statusMessages: [...statusMessages],
    many: {
      statuses: [...new Set(ended.map(({ status }) => String(status)))],
      runs: told(all).filter(({ done }) => !done).length,
      seconds: (performance.now() - began) / 1000,
    },
    output: lambda.output(),
  };
}

/** Eight at a time: a thousand clients that ask every two seconds would leave a small machine no time for the work. */
async function inTurn<T, R>(items: readonly T[], does: (item: T) => Promise<R>): Promise<R[]> {
  const left = items.values();
  const results: R[] = [];
  const works = async (): Promise<void> => {
    for (const item of left) results.push(await does(item));
  };
  await Promise.all(Array.from({ length: 8 }, works));
  return results;
}
