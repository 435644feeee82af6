/** `npm start`, as a person or a supervisor runs it: by npm, in a copy of the project. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { childrenOf, commandOf, stateOf } from '../helpers/processes.ts';
import { ProjectCopy } from '../helpers/project-copy.ts';

interface Started {
  npm: ChildProcess;
  url: string;
  output(): string;
  printed(pattern: RegExp): Promise<void>;
}

const started: Started[] = [];
afterEach(() => {
  for (const { npm } of started.splice(0)) {
    for (const pid of descendantsOf(npm.pid ?? 0)) killIfThere(pid);
    npm.kill('SIGKILL');
  }
});

async function npmStart({ folder }: ProjectCopy, env: Record<string, string> = {}): Promise<Started> {
  const npm = spawn('npm', ['start'], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [npm.stdout, npm.stderr]) stream.on('data', chunk => (text += chunk));
  const printed = async (pattern: RegExp): Promise<void> => {
    await expect.poll(() => text, { timeout: 20_000, interval: 50 }).toMatch(pattern);
  };
  const running: Started = { npm, url: '', output: () => text, printed };
  started.push(running);
  await printed(/ready at/);
  running.url = /ready at (http:\/\/[^/\s]+)/.exec(text)?.[1] ?? '';
  return running;
}

function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap(child => [child, ...descendantsOf(child)]);
}

function killIfThere(pid: number): void {
  if (stateOf(pid) !== undefined) process.kill(pid, 'SIGKILL');
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s to npm alone ends the server and its function',
  async signal => {
    using copy = new ProjectCopy();
    const { npm, url } = await npmStart(copy);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const all = descendantsOf(npm.pid ?? 0);
    expect(all.map(commandOf).join('\n')).toMatch(/entry\.mjs/);
    npm.kill(signal);
    await once(npm, 'exit');
    await expect.poll(() => all.filter(pid => (stateOf(pid) ?? 'Z') !== 'Z'), { timeout: 5000 }).toEqual([]);
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  },
);
