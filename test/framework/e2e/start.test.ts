/** `npm start`, as a person or a supervisor runs it: by npm, in a copy of the project. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { childrenOf, commandOf, stateOf } from '../../helpers/processes.ts';
import { ProjectCopy } from '../../helpers/project-copy.ts';

interface Started {
  npm: ChildProcess;
  url: string;
  output(): string;
  printed(pattern: RegExp): Promise<void>;
}

const started: Started[] = [];
afterAll(() => {
  for (const { npm } of started.splice(0)) {
    for (const pid of descendantsOf(npm.pid ?? 0)) killIfThere(pid);
    npm.kill('SIGKILL');
  }
});

/** Resolves when it has printed `until`. */
async function npmStart(
  { folder }: ProjectCopy,
  env: Record<string, string> = {},
  until = /ready at/,
): Promise<Started> {
  const npm = spawn('npm', ['start'], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [npm.stdout, npm.stderr]) stream.on('data', chunk => (text += chunk));
  const printed = async (pattern: RegExp): Promise<void> => {
    await vi.waitFor(() => expect(text).toMatch(pattern), { timeout: 60_000, interval: 50 });
  };
  const running: Started = { npm, url: '', output: () => text, printed };
  started.push(running);
  await printed(until);
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
    await expect
      .poll(() => all.filter(pid => (stateOf(pid) ?? 'Z') !== 'Z'), { timeout: 15_000 })
      .toEqual([]);
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  },
);

describe('a file of app/ that changes', () => {
  let copy: ProjectCopy;
  let server: Started;
  beforeAll(async () => {
    copy = new ProjectCopy();
    copy.write('app/servers/dice.ts', dice('1.0.0'));
    copy.write('app/routes.ts', ROUTES);
    server = await npmStart(copy);
  });
  afterAll(() => copy?.[Symbol.dispose]());

  const version = async (): Promise<string> => {
    const client = new Client({ name: 'test', version: '0' });
    await client.connect(new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`)));
    const { version = '' } = client.getServerVersion() ?? {};
    await client.close();
    return version;
  };
  const seen = async (from: number, pattern: RegExp): Promise<void> => {
    await expect.poll(() => server.output().slice(from), { timeout: 60_000, interval: 50 }).toMatch(pattern);
  };

  test('is served by the next call, without a restart', async () => {
    expect(await version()).toBe('1.0.0');
    const from = server.output().length;
    copy.write('app/servers/dice.ts', dice('2.0.0'));
    await seen(from, /app\/servers\/dice\.ts has changed: built in [\d.]+ s, the next call gets it/);
    expect(await version()).toBe('2.0.0');
  });

  test.each<[string, string, RegExp]>([
    [
      'a syntax error',
      `${dice('3.0.0')}\nconst x = ;`,
      /app\/servers\/dice\.ts:\d+:\d+[\s\S]*fix what it says above/,
    ],
    [
      'an import of nothing',
      `import './nowhere.ts';\n${dice('3.0.0')}`,
      /Could not resolve "\.\/nowhere\.ts"/,
    ],
    [
      'an error when it is loaded',
      `${dice('3.0.0')}\nthrow new Error('no dice');`,
      /app\/servers\/dice\.ts:\d+[\s\S]*Error: no dice[\s\S]*The app cannot be loaded/,
    ],
  ])('with %s is named, and what runs is the function from before', async (_what, source, told) => {
    const before = await version();
    const from = server.output().length;
    copy.write('app/servers/dice.ts', source);
    await seen(from, told);
    await seen(from, /dice\.ts has changed; what runs is still the function from before/);
    expect(server.output().slice(from)).not.toMatch(/at .*scripts\/build\//);
    expect(await version()).toBe(before);
    copy.write('app/servers/dice.ts', dice('4.0.0'));
    await expect.poll(version, { timeout: 20_000 }).toBe('4.0.0');
  });

  test('with a type error is named, and runs', async () => {
    const from = server.output().length;
    copy.write('app/servers/dice.ts', `${dice('5.0.0')}\nexport const sides: number = 'six';\n`);
    await seen(from, /app\/servers\/dice\.ts\(\d+,\d+\): error TS2322[\s\S]*Type errors: the function runs/);
    expect(await version()).toBe('5.0.0');
  });

  test('of the local Lambda starts all anew, at the same settings', async () => {
    const from = server.output().length;
    const file = 'app/framework/local-lambda/log.ts';
    copy.write(file, copy.read(file).replace('`START RequestId: ', '`BEGIN RequestId: '));
    await seen(
      from,
      /app\/framework\/local-lambda\/log\.ts has changed: .*all is started anew[\s\S]*ready at/,
    );
    server.url = /ready at (http:\/\/[^/\s]+)/.exec(server.output().slice(from))?.[1] ?? '';
    expect(await version()).toBe('5.0.0');
    await seen(from, /BEGIN RequestId/);
  });
});

test.each<[string, Record<string, string>, string, RegExp]>([
  [
    'a bad setting of the local Lambda',
    { LAMBDA_TIMEOUT: 'long' },
    '',
    /LAMBDA_TIMEOUT must be a number of seconds/,
  ],
  [
    'a setting that the function cannot use',
    { MCP_AUTH: 'everybody' },
    '',
    /MCP_AUTH: must be of token, oauth/,
  ],
  ['a syntax error', {}, 'const x = ;', /app\/routes\.ts:\d+:\d+[\s\S]*Nothing was built: mend/],
])('%s is told, and no stack trace of ours', async (_what, env, more, told) => {
  using copy = new ProjectCopy();
  copy.write('app/routes.ts', `${copy.read('app/routes.ts')}${more}`);
  const { printed, output } = await npmStart(copy, env, told);
  await printed(told);
  expect(output()).not.toMatch(/^\s+at .*(dist|scripts)\//m);
});

const ROUTES = `import { Hono } from 'hono';
import { mcp } from '#framework';
import { dice } from './servers/dice.ts';

export const routes = new Hono().route('/mcp', mcp(dice));
`;

function dice(version: string): string {
  return `import { McpServer } from '@modelcontextprotocol/server';

export function dice(): McpServer {
  return new McpServer({ name: 'dice', version: '${version}' }, { capabilities: { tools: {} } });
}
`;
}

test('without the example, and with servers of one’s own only, it says where they are', async () => {
  using copy = new ProjectCopy();
  for (const file of globSync('app/servers/*.ts', { cwd: copy.folder })) rmSync(join(copy.folder, file));
  copy.write('app/servers/dice.ts', dice('1.0.0'));
  copy.write(
    'app/routes.ts',
    ROUTES.replace("route('/mcp', mcp(dice))", "route('/dice', mcp(dice)).route('/more/mcp', mcp(dice))"),
  );
  const { url, output } = await npmStart(copy, {
    MCP_AUTH: 'oauth',
    MCP_OAUTH_ISSUER: 'https://issuer.example',
    MCP_OAUTH_AUDIENCE: 'dice',
  });
  expect(output()).toContain(`MCP server ready at ${url}/dice\nMCP server ready at ${url}/more/mcp\n`);
  expect(output()).toContain(`claude mcp add --transport http dice ${url}/dice\n`);
  const metadata = async (path: string) =>
    (await (await fetch(`${url}/.well-known/oauth-protected-resource${path}`)).json()) as {
      resource: string;
    };
  expect((await metadata('')).resource).toBe(`${url}/dice`);
  expect((await metadata('/more/mcp')).resource).toBe(`${url}/more/mcp`);
});

test('with nothing mounted it says how to mount something', async () => {
  using copy = new ProjectCopy();
  copy.write('app/routes.ts', "import { Hono } from 'hono';\n\nexport const routes = new Hono();\n");
  await npmStart(copy, {}, /no MCP server is mounted: add one in app\/routes\.ts/);
});
