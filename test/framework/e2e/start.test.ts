/** `npm start`, run by npm in a copy of the project, as a developer or a process supervisor does. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { childrenOf, commandOf, stateOf } from '../../helpers/processes.ts';
import { ProjectCopy } from '../../helpers/project-copy.ts';

interface Started {
  npm: ChildProcess;
  url: string;
  output(): string;
  printed(pattern: RegExp, from?: number): Promise<void>;
}

const started: Started[] = [];
afterAll(() => {
  for (const { npm } of started.splice(0)) {
    for (const pid of descendantsOf(npm.pid ?? 0)) killIfThere(pid);
    npm.kill('SIGKILL');
  }
});

/** Starts `npm start` as leader of a process group, like a command in a terminal. Resolves when it has printed `until`. */
async function npmStart(
  { folder }: ProjectCopy,
  env: Record<string, string> = {},
  until = /ready at/,
  args: readonly string[] = [],
): Promise<Started> {
  const npm = spawn('npm', ['start', ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let text = '';
  for (const stream of [npm.stdout, npm.stderr]) stream.on('data', chunk => (text += chunk));
  const printed = async (pattern: RegExp, from = 0): Promise<void> => {
    // Not expect.poll, because hooks call it too.
    await vi.waitFor(() => expect(text.slice(from)).toMatch(pattern), { timeout: 300_000 });
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

const alive = (pids: readonly number[]): number[] => pids.filter(pid => (stateOf(pid) ?? 'Z') !== 'Z');

const ROUTES = `import { Hono } from 'hono';
import { mcp } from '#framework';
import { dice } from './servers/dice.ts';

export const routes = new Hono()
  .get('/forever', () => new Promise(() => {}))
  .route('/mcp', mcp(dice));
`;

function dice(version: string): string {
  return `import { McpServer } from '@modelcontextprotocol/server';
import { secret } from '#framework';

export function dice(): McpServer {
  const server = new McpServer({ name: 'dice', version: '${version}' });
  server.registerTool('lost', {}, () => {
    throw new Error('no dice');
  });
  server.registerTool('signed', {}, async () => ({
    content: [{ type: 'text', text: await secret('DICE_KEY') }],
  }));
  return server;
}
`;
}

function diceProject(): ProjectCopy {
  const copy = new ProjectCopy();
  copy.write('app/servers/dice.ts', dice('1.0.0'));
  copy.write('app/routes.ts', ROUTES);
  copy.write('.env', 'DICE_KEY=of the test\n');
  return copy;
}

describe('npm start ends with all of its processes on', () => {
  const toGroup = ({ pid = 0 }: ChildProcess, signal: NodeJS.Signals): boolean => process.kill(-pid, signal);
  const toNpm = (npm: ChildProcess, signal: NodeJS.Signals): boolean => npm.kill(signal);
  /** Returns `npm start` and its descendants, once one of their command lines matches `pattern`. */
  const processesOf = async ({ npm }: Started, pattern: RegExp): Promise<number[]> => {
    let all: number[] = [];
    const commands = () => {
      all = descendantsOf(npm.pid ?? 0);
      return all.map(commandOf).join('\n');
    };
    await expect.poll(commands, { interval: 5 }).toMatch(pattern);
    return all;
  };

  test.each<[NodeJS.Signals, string, (npm: ChildProcess, signal: NodeJS.Signals) => boolean]>([
    ['SIGINT', 'the process group, as Ctrl-C sends it', toGroup],
    ['SIGTERM', 'the process group', toGroup],
    ['SIGTERM', 'npm only', toNpm],
    ['SIGHUP', 'npm only', toNpm],
    ['SIGQUIT', 'npm only', toNpm],
    // Not SIGINT to npm only: npm passes it to its shell, which ignores it while the server runs.
  ])('%s to %s, with busy and frozen environments', async (signal, _target, send) => {
    using copy = diceProject();
    const server = await npmStart(copy, { LAMBDA_ENVIRONMENTS: '4' });
    const calls = [1, 2].map(() => fetch(`${server.url}/forever`).catch(() => undefined));
    const environments = (): number[] =>
      descendantsOf(server.npm.pid ?? 0).filter(
        pid => childrenOf(pid).length === 0 && /entry\.mjs/.test(commandOf(pid)),
      );
    await expect.poll(() => environments().length).toBe(2);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    await expect.poll(() => environments().map(stateOf).toSorted()).toEqual(['S', 'S', 'T']);
    const all = await processesOf(server, /entry\.mjs/);
    send(server.npm, signal);
    if (server.npm.exitCode === null) await once(server.npm, 'exit');
    await expect.poll(() => alive(all)).toEqual([]);
    await Promise.all(calls);
  });

  test('SIGTERM during a build', async () => {
    using copy = diceProject();
    const server = await npmStart(copy, {}, /Building\.\.\./);
    const all = await processesOf(server, /scripts\/build\/build\.ts/);
    await expect.poll(() => globSync('.dist-*', { cwd: copy.folder })).toHaveLength(1);
    server.npm.kill('SIGTERM');
    await expect.poll(() => alive(all)).toEqual([]);
    // The next build removes temporary folders of this one.
    await promisify(execFile)(process.execPath, ['scripts/build/build.ts'], { cwd: copy.folder });
    expect(globSync('.dist-*', { cwd: copy.folder })).toEqual([]);
  });

  test('SIGTERM during a type check', async () => {
    using copy = diceProject();
    const server = await npmStart(copy);
    copy.write('app/servers/dice.ts', dice('2.0.0'));
    const all = await processesOf(server, /typescript.*--noEmit/);
    server.npm.kill('SIGTERM');
    await expect.poll(() => alive(all)).toEqual([]);
  });
});

describe('a change in app/', () => {
  let copy: ProjectCopy;
  let server: Started;
  beforeAll(async () => {
    copy = diceProject();
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
  /** Writes a new file and renames it, as some editors do. */
  const saveByRename = (file: string, text: string): void => {
    copy.write(`${file}.tmp`, text);
    renameSync(join(copy.folder, `${file}.tmp`), join(copy.folder, file));
  };

  test('takes effect in the next call, which waits for the build', async () => {
    expect(await version()).toBe('1.0.0');
    const from = server.output().length;
    copy.write('app/servers/dice.ts', dice('2.0.0'));
    await server.printed(/app\/servers\/dice\.ts changed: building\.\.\./, from);
    expect(await version()).toBe('2.0.0');
    await server.printed(/Built in [\d.]+ s\. The next call runs the new code\./, from);
  });

  test('keeps source positions in stack traces: the error of a tool is logged with its file and line', async () => {
    const from = server.output().length;
    const client = new Client({ name: 'test', version: '0' });
    await client.connect(new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`)));
    await client.callTool({ name: 'lost' });
    await client.close();
    await server.printed(/a tool failed Error: no dice\s+at \S* ?\(?app\/servers\/dice\.ts:7:11\b/, from);
  });

  test('is noticed every time that a file is saved by rename', async () => {
    for (const next of ['2.1.0', '2.2.0', '2.3.0']) {
      const from = server.output().length;
      saveByRename('app/servers/dice.ts', dice(next));
      await server.printed(/dice\.ts changed: building/, from);
      expect(await version()).toBe(next);
    }
  });

  test('does not remove the secrets of .env from the function', async () => {
    const client = new Client({ name: 'test', version: '0' });
    await client.connect(new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`)));
    const { content } = await client.callTool({ name: 'signed' });
    expect(content).toEqual([{ type: 'text', text: 'of the test' }]);
    await client.close();
  });

  test('is noticed in a new folder', async () => {
    let from = server.output().length;
    mkdirSync(join(copy.folder, 'app/servers/more/words'), { recursive: true });
    copy.write('app/servers/more/words/version.ts', "export const version = '2.4.0';\n");
    await server.printed(/app\/servers\/more\/words\/version\.ts changed[\s\S]*Built in/, from);
    const imported = `import { version } from './more/words/version.ts';\n${dice('x').replace("'x'", 'version')}`;
    from = server.output().length;
    copy.write('app/servers/dice.ts', imported);
    await server.printed(/Built in/, from);
    expect(await version()).toBe('2.4.0');
    from = server.output().length;
    copy.write('app/servers/more/words/version.ts', "export const version = '2.5.0';\n");
    await server.printed(/version\.ts changed: building/, from);
    expect(await version()).toBe('2.5.0');
  });

  test.each<[string, string, RegExp]>([
    ['a syntax error', `${dice('3.0.0')}\nconst x = ;`, /app\/servers\/dice\.ts:\d+:\d+/],
    [
      'an import that does not exist',
      `import './nowhere.ts';\n${dice('3.0.0')}`,
      /Could not resolve "\.\/nowhere\.ts"/,
    ],
    [
      'an error when it is loaded',
      `${dice('3.0.0')}\nthrow new Error('no dice');`,
      /Error: no dice\n +at app\/servers\/dice\.ts:\d+:\d+\n[\s\S]*The app cannot be loaded/,
    ],
  ])('with %s is reported, and the previous function keeps running', async (_what, source, message) => {
    const before = await version();
    const from = server.output().length;
    copy.write('app/servers/dice.ts', source);
    await server.printed(message, from);
    await server.printed(/The previous function keeps running/, from);
    expect(server.output().slice(from)).not.toMatch(/at .*scripts\/build\//);
    expect(await version()).toBe(before);
    copy.write('app/servers/dice.ts', dice('4.0.0'));
    await expect.poll(version).toBe('4.0.0');
  });

  test('with a type error is reported and runs, and the next change cancels the check', async () => {
    let from = server.output().length;
    copy.write('app/servers/dice.ts', `${dice('5.0.0')}\nexport const sides: number = 'six';\n`);
    await server.printed(
      /app\/servers\/dice\.ts\(\d+,\d+\): error TS2322[\s\S]*Type errors: the function runs/,
      from,
    );
    expect(await version()).toBe('5.0.0');
    // The check of the first change is cancelled, and the second change is correct: no error may be reported.
    from = server.output().length;
    copy.write('app/servers/dice.ts', `${dice('5.1.0')}\nexport const sides: number = 'seven';\n`);
    await server.printed(/Built in/, from);
    copy.write('app/servers/dice.ts', dice('5.2.0'));
    await server.printed(/Built in[\s\S]*Built in/, from);
    expect(await version()).toBe('5.2.0');
    copy.write('app/servers/dice.ts', `${dice('5.3.0')}\nexport const sides: string = 8;\n`);
    await server.printed(/error TS2322/, from);
    expect(
      server
        .output()
        .slice(from)
        .match(/error TS\d+.*/g),
    ).toEqual([expect.stringContaining("'number'")]);
  });

  test('of the routes restarts the local Lambda, with the new URLs', async () => {
    const from = server.output().length;
    copy.write(
      'app/routes.ts',
      ROUTES.replace(".route('/mcp', mcp(dice))", ".route('/mcp', mcp(dice)).route('/two/mcp', mcp(dice))"),
    );
    await server.printed(
      /Built in [\d.]+ s\. The local Lambda starts again\.[\s\S]*ready at \S+\/two\/mcp/,
      from,
    );
    server.url = /ready at (http:\/\/[^/\s]+)/.exec(server.output().slice(from))?.[1] ?? '';
    expect(await version()).toBe('5.3.0');
  });

  test('of the framework rebuilds everything and restarts the local Lambda', async () => {
    const from = server.output().length;
    const file = 'app/framework/local-lambda/log.ts';
    copy.write(file, copy.read(file).replace('`START RequestId: ', '`BEGIN RequestId: '));
    await server.printed(/local-lambda\/log\.ts changed: building[\s\S]*starts again\.[\s\S]*ready at/, from);
    server.url = /ready at (http:\/\/[^/\s]+)/.exec(server.output().slice(from))?.[1] ?? '';
    expect(await version()).toBe('5.3.0');
    await server.printed(/BEGIN RequestId/, from);
  });
});

describe('an invalid setting', () => {
  test.each<[string, Record<string, string>, RegExp]>([
    ['of the local Lambda', { LAMBDA_TIMEOUT: 'long' }, /LAMBDA_TIMEOUT must be a number of seconds/g],
    [
      'of the function',
      { MCP_AUTH: 'everybody' },
      /The environment has 1 bad setting\(s\):\n {2}- MCP_AUTH: must be of token, oauth/g,
    ],
  ])('%s is printed once, without a stack, and npm start waits for a change', async (_what, env, message) => {
    using copy = diceProject();
    const { printed, output, npm } = await npmStart(copy, env, /Waiting for a change in app\//);
    expect(output().match(message)).toHaveLength(1);
    expect(output()).not.toMatch(/^\s+at |ready at|does not start/m);
    const from = output().length;
    copy.write('app/servers/dice.ts', dice('2.0.0'));
    await printed(/Built in [\s\S]*Waiting for a change in app\//, from);
    expect(output().slice(from).match(message)).toHaveLength(1);
    process.kill(-(npm.pid ?? 0), 'SIGINT');
    await once(npm, 'exit');
  });

  test('that is fixed by a change lets the function start', async () => {
    using copy = diceProject();
    const settings = (name: string): string =>
      `import { defineSettings } from '#framework';\nimport * as z from 'zod';\n\nexport const settings = defineSettings({ ${name}: z.string() });\n`;
    copy.write('app/settings.ts', settings('SIDES'));
    const { printed, output } = await npmStart(copy, { DICE_SIDES: '6' }, /Waiting for a change in app\//);
    expect(output()).toMatch(/- SIDES: is required/);
    copy.write('app/settings.ts', settings('DICE_SIDES'));
    await printed(/MCP server ready at/);
  });
});

test('npm start prints a syntax error in the first build and exits with 1', async () => {
  using copy = new ProjectCopy();
  copy.write('app/routes.ts', `${copy.read('app/routes.ts')}const x = ;`);
  const message = /app\/routes\.ts:\d+:\d+/;
  const { npm, output } = await npmStart(copy, {}, message);
  if (npm.exitCode === null) await once(npm, 'exit');
  expect(npm.exitCode).toBe(1);
  expect(output()).not.toMatch(/^\s+at .*(dist|scripts)\//m);
});

test('npm start -- --help prints the options without a build', async () => {
  using copy = new ProjectCopy();
  const { npm, output } = await npmStart(copy, {}, /--log-format/, ['--', '--help']);
  if (npm.exitCode === null) await once(npm, 'exit');
  expect(npm.exitCode).toBe(0);
  expect(output()).toContain('npm start -- [options]');
  expect(globSync('dist', { cwd: copy.folder })).toEqual([]);
});

test('npm start prints the URLs of the user’s servers if there are no example servers', async () => {
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
  expect(output()).toContain('-H "Authorization: Bearer $MCP_TOKEN"');
  const metadata = async (path: string) =>
    (await (await fetch(`${url}/.well-known/oauth-protected-resource${path}`)).json()) as {
      resource: string;
    };
  expect((await metadata('')).resource).toBe(`${url}/dice`);
  expect((await metadata('/more/mcp')).resource).toBe(`${url}/more/mcp`);
});

test('npm start prints how to mount a server if there is none', async () => {
  using copy = new ProjectCopy();
  copy.write('app/routes.ts', "import { Hono } from 'hono';\n\nexport const routes = new Hono();\n");
  await npmStart(copy, {}, /no MCP server is mounted: add one in app\/routes\.ts/);
});
