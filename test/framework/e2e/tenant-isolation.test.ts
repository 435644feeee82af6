/**
 * One execution environment per caller, with the example of terraform/examples/per-caller: the official memory server and a table,
 * built as by a user, behind a REST API with the Lambda authorizer. Callers alternate, call in parallel, and lose their
 * environments in between; a response must contain no data of another caller. In shared mode, the same calls return such data.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeAll } from '../../helpers/close-all.ts';
import { signInAndConsent } from '../../helpers/consenting-browser.ts';
import {
  ALICE,
  type IdentityProvider,
  IMITATIONS,
  startIdentityProvider,
} from '../../helpers/identity-provider.ts';
import { freePort, ROOT, type RunningLambda, startDist, TEST_PACKAGES } from '../../helpers/local-lambda.ts';
import { memoryOAuthProvider, REDIRECT } from '../../helpers/oauth-client.ts';
import { PROXY_SECRET, proxySettings } from '../../helpers/oauth-proxy.ts';
import { ProjectCopy } from '../../helpers/project-copy.ts';
import { type SigningIssuer, startSigningIssuer } from '../../helpers/signing-issuer.ts';
import { sha256 } from '../unit/auth/attacks.ts';
import { TaskClient } from '../unit/tasks/task-client.ts';

const EXAMPLE = join(ROOT, 'terraform/examples/per-caller');
const AUDIENCE = 'https://mcp.example/mcp';
const TOKEN = 'a-static-token-0123456789';
const CALLS = 200;

/** The source of a server that returns the environment that serves a call, and the callers that it has served. */
const WHERE = `
import { appendFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { McpServer } from '@modelcontextprotocol/server';

export function where(): McpServer {
  const server = new McpServer({ name: 'where', version: '1.0.0' });
  server.registerTool('where', {}, async ctx => {
    const file = join(tmpdir(), 'served');
    const { tenant } = ctx.http?.authInfo?.extra ?? {};
    appendFileSync(file, tenant + '\\n');
    const served = readFileSync(file, 'utf8').trim().split('\\n');
    return { content: [{ type: 'text', text: JSON.stringify({ pid: process.pid, tenant, served }) }] };
  });
  return server;
}
`;

class ExampleProject extends ProjectCopy {
  constructor() {
    super();
    // The project's packages, and those that the example installs.
    const modules = join(this.folder, 'node_modules');
    rmSync(modules);
    linkPackages(join(ROOT, 'node_modules'), modules);
    for (const name of [
      '@modelcontextprotocol/server-memory',
      '@aws-sdk/client-dynamodb',
      '@aws-sdk/lib-dynamodb',
    ]) {
      mkdirSync(join(modules, name, '..'), { recursive: true });
      symlinkSync(join(TEST_PACKAGES, name), join(modules, name));
    }
    // The build lists the packages by the lock file.
    const { packages } = JSON.parse(readFileSync(join(TEST_PACKAGES, '../package-lock.json'), 'utf8'));
    const lock = JSON.parse(this.read('package-lock.json'));
    this.write('package-lock.json', JSON.stringify({ ...lock, packages: { ...packages, ...lock.packages } }));
    rmSync(join(this.folder, 'app/servers'), { recursive: true });
    cpSync(join(EXAMPLE, 'app'), join(this.folder, 'app'), { recursive: true });
  }
}

function linkPackages(from: string, to: string): void {
  mkdirSync(to);
  for (const name of readdirSync(from))
    if (name.startsWith('@')) linkPackages(join(from, name), join(to, name));
    else symlinkSync(join(from, name), join(to, name));
}

let issuer: SigningIssuer;
let project: ExampleProject;
beforeAll(async () => {
  issuer = await startSigningIssuer(AUDIENCE);
  project = new ExampleProject();
  const routes = readFileSync(join(EXAMPLE, 'app/routes.ts'), 'utf8')
    .replace(
      "'#framework';",
      "'#framework';\nimport { dynamoTasks, mcp } from '#framework';\nimport { where } from './servers/where.ts';",
    )
    .replace(
      'mcpGateway({ memory, notes }))',
      'mcpGateway({ memory, notes })).route("/where", mcp(where, { tasks: dynamoTasks({ tools: { where: {} } }) }))',
    );
  project.write('app/routes.ts', routes);
  project.write('app/servers/where.ts', WHERE);
  await promisify(execFile)(process.execPath, ['scripts/build/build.ts'], { cwd: project.folder });
});
afterAll(async () => {
  await closeAll(issuer);
  project?.[Symbol.dispose]();
});

test('the example passes the type checker', async () => {
  const config = { extends: './tsconfig.json', include: ['app/routes.ts', 'app/settings.ts', 'app/servers'] };
  project.write('tsconfig.example.json', JSON.stringify(config));
  const args = ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.example.json'];
  await promisify(execFile)(process.execPath, args, { cwd: project.folder });
});

function startExample(isolation: 'shared' | 'per-caller', ...more: string[]): Promise<RunningLambda> {
  const env = {
    MCP_AUTH: 'token,oauth',
    MCP_TOKEN_SHA256: sha256(TOKEN),
    MCP_OAUTH_ISSUER: issuer.url,
    MCP_OAUTH_AUDIENCE: AUDIENCE,
  };
  return startBuild(env, '--isolation', isolation, ...more);
}

/** Starts the example with the sign-in that it deploys, in front of a provider on this machine. */
async function startWithSignIn(): Promise<{ lambda: RunningLambda; provider: IdentityProvider }> {
  const port = await freePort();
  const redirectUri = `http://127.0.0.1:${port}/live/callback`;
  const provider = await startIdentityProvider({ ...IMITATIONS.cognito, redirectUri });
  const env = { ...proxySettings(provider, port), MCP_SECRET: PROXY_SECRET };
  const lambda = await startBuild(env, '--isolation', 'per-caller').catch(async error => {
    await provider.close();
    throw error;
  });
  return { lambda, provider };
}

function startBuild(env: Record<string, string>, ...more: string[]): Promise<RunningLambda> {
  const args = [
    ...['--endpoint', 'rest-api', '--authorizer', 'authorizer.request'],
    ...['--tables', 'notes:tenant', '--init-timeout', '30', '--timeout', '30', ...more],
  ];
  return startDist(join(project.folder, 'dist'), { args, env: { ...env, NOTES_TABLE: 'notes' } });
}

/** A caller. All of its secrets begin with its name. */
class Caller {
  /** The problems in the responses so far. */
  readonly leaks: string[] = [];
  readonly secrets: string[] = [];
  readonly #lambda: RunningLambda;
  readonly #name: string;
  readonly #others: readonly string[];
  readonly authorization: string;

  constructor(lambda: RunningLambda, name: string, others: readonly string[], token: string) {
    this.#lambda = lambda;
    this.#name = name;
    this.#others = others;
    this.authorization = `Bearer ${token}`;
  }

  async tool(path: string, name: string, args: object = {}): Promise<string> {
    const response = await fetch(`${this.#lambda.url}/live${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        authorization: this.authorization,
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: { name, arguments: args },
      }),
    });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${response.status} ${text}`);
    const [leak] = this.#others.filter(other => text.includes(`secret-of-${other}`));
    if (leak) this.leaks.push(`${this.#name} got what ${leak} had kept: ${text.slice(0, 300)}`);
    const { result } = JSON.parse(text.startsWith('{') ? text : (text.split('data: ').at(-1) ?? ''));
    return result.content[0].text;
  }

  async remember(): Promise<void> {
    const name = `secret-of-${this.#name}-${randomUUID()}`;
    this.secrets.push(name);
    const entities = [
      { name, entityType: 'secret', observations: [`${name} is known to ${this.#name} alone`] },
    ];
    await this.tool('/mcp', 'memory_create_entities', { entities });
  }

  /** Returns how many of the caller's own secrets the graph contains. */
  async recall(): Promise<number> {
    const graph = await this.tool('/mcp', 'memory_read_graph');
    return this.secrets.filter(secret => graph.includes(`"${secret}"`)).length;
  }

  /** Kills the environment and waits until another one responds. A call to an environment that is ending gets 502. */
  async loseEnvironment(): Promise<void> {
    const { pid } = await this.where();
    process.kill(pid, 'SIGKILL');
    for (let next = pid; next === pid; )
      next = await this.where().then(
        found => found.pid,
        () => pid,
      );
  }

  async where(): Promise<{ pid: number; tenant: string; served: string[] }> {
    return JSON.parse(await this.tool('/where', 'where'));
  }
}

/** Creates callers with new subjects for each test, so that they have no environments at the beginning. */
async function callers(lambda: RunningLambda): Promise<{ alice: Caller; bob: Caller; pipeline: Caller }> {
  const suffix = randomUUID();
  const token = (name: string) => issuer.token({ sub: `${name}-${suffix}`, client_id: 'the-same-client' });
  return {
    alice: new Caller(lambda, 'alice', ['bob', 'pipeline'], await token('alice')),
    bob: new Caller(lambda, 'bob', ['alice', 'pipeline'], await token('bob')),
    pipeline: new Caller(lambda, 'pipeline', ['alice', 'bob'], TOKEN),
  };
}

/** Makes `CALLS` alternating calls of two callers. Returns how many of its own secrets each of them found at the end. */
async function alternate(first: Caller, second: Caller): Promise<number[]> {
  for (let at = 0; at < CALLS / 4; at += 1)
    for (const step of ['remember', 'recall'] as const)
      for (const caller of [first, second]) await caller[step]();
  return [await first.recall(), await second.recall()];
}

describe('with one environment per caller', () => {
  let lambda: RunningLambda;
  beforeAll(async () => {
    lambda = await startExample('per-caller');
  });
  afterAll(() => closeAll(lambda));

  test(`two callers alternate ${CALLS} calls of the memory server, keep their graphs, and do not see each other’s data`, async () => {
    const { alice, bob } = await callers(lambda);
    expect(await alternate(alice, bob)).toEqual([CALLS / 4, CALLS / 4]);
    expect([...alice.leaks, ...bob.leaks]).toEqual([]);
  });

  test('parallel calls of three callers, one with a static token, do not see each other’s data', async () => {
    const everyone = Object.values(await callers(lambda));
    const work = async (caller: Caller): Promise<void> => {
      for (let at = 0; at < 10; at += 1) {
        await caller.remember();
        await caller.recall();
      }
    };
    await Promise.all(everyone.flatMap(caller => [work(caller), work(caller), work(caller)]));
    expect(everyone.flatMap(({ leaks }) => leaks)).toEqual([]);
  });

  test('a caller whose environment is killed between calls gets an empty graph, not that of another', async () => {
    const { alice, bob } = await callers(lambda);
    await bob.remember();
    for (let round = 0; round < 5; round += 1) {
      await alice.remember();
      expect(await alice.recall()).toBe(1);
      await alice.loseEnvironment();
      expect(await alice.recall()).toBe(0);
      alice.secrets.length = 0;
      await bob.recall();
    }
    expect(await bob.recall()).toBe(1);
    expect([...alice.leaks, ...bob.leaks]).toEqual([]);
  });

  test('a task runs in an environment of the caller that created it', async () => {
    const { alice, bob } = await callers(lambda);
    const tenants = [];
    for (const caller of [alice, bob]) {
      const { authorization } = caller;
      const client = new TaskClient(`${lambda.url}/live/where`, { timeoutMs: 300_000, authorization });
      const { tenant } = await caller.where();
      const { result } = await client.waitUntilDone(await client.create('where'));
      const { content } = result as { content: { text: string }[] };
      expect(JSON.parse(content[0]?.text ?? '')).toMatchObject({ tenant });
      expect(new Set(JSON.parse(content[0]?.text ?? '').served)).toEqual(new Set([tenant]));
      tenants.push(tenant);
    }
    expect(new Set(tenants).size).toBe(2);
  });

  test('the table returns a caller’s notes from several environments, and none of them to another caller', async () => {
    const { alice, bob } = await callers(lambda);
    await Promise.all(
      Array.from({ length: 6 }, (_, at) =>
        alice.tool('/mcp', 'notes_add_note', { text: `secret-of-alice-${at}` }),
      ),
    );
    await alice.loseEnvironment();
    expect(JSON.parse(await alice.tool('/mcp', 'notes_list_notes')).toSorted()).toEqual(
      Array.from({ length: 6 }, (_, at) => `secret-of-alice-${at}`),
    );
    expect(JSON.parse(await bob.tool('/mcp', 'notes_list_notes'))).toEqual([]);
    expect([...alice.leaks, ...bob.leaks]).toEqual([]);
  });
});

describe('with sign-in', () => {
  let running: Awaited<ReturnType<typeof startWithSignIn>>;
  beforeAll(async () => {
    running = await startWithSignIn();
  });
  afterAll(() => closeAll(running?.lambda, running?.provider));

  /** Registers a client and signs a person in. */
  async function signIn(person: string, ...others: string[]): Promise<Caller> {
    const { lambda, provider } = running;
    provider.person = { ...ALICE, sub: person };
    const storage = memoryOAuthProvider();
    const url = new URL(`${lambda.url}/live/mcp`);
    const transport = new StreamableHTTPClientTransport(url, { authProvider: storage });
    const client = new Client({ name: 'test', version: '1.0.0' });
    await expect(client.connect(transport)).rejects.toThrow(UnauthorizedError);
    if (!storage.authorizationUrl) expect.fail('The client did not send the person anywhere.');
    await transport.finishAuth(await signInAndConsent(storage.authorizationUrl, REDIRECT));
    const token = storage.tokens()?.access_token ?? expect.fail('The client got no token.');
    return new Caller(lambda, person, others, token);
  }

  test('two people have two graphs and two lists of notes, and see nothing of each other', async () => {
    const alice = await signIn('alice', 'bob');
    const bob = await signIn('bob', 'alice');
    for (let round = 0; round < 3; round += 1)
      for (const step of ['remember', 'recall'] as const)
        for (const person of [alice, bob]) await person[step]();
    expect([await alice.recall(), await bob.recall()]).toEqual([3, 3]);

    await alice.tool('/mcp', 'notes_add_note', { text: 'secret-of-alice in a note' });
    await bob.tool('/mcp', 'notes_add_note', { text: 'secret-of-bob in a note' });
    const notes = [alice, bob].map(person => person.tool('/mcp', 'notes_list_notes'));
    expect((await Promise.all(notes)).map(text => JSON.parse(text))).toEqual([
      ['secret-of-alice in a note'],
      ['secret-of-bob in a note'],
    ]);
    expect([...alice.leaks, ...bob.leaks]).toEqual([]);
  });

  test('a person has the same graph with another client', async () => {
    const [first, second] = [await signIn('carol'), await signIn('carol')];
    await first.remember();
    second.secrets.push(...first.secrets);
    expect(await second.recall()).toBe(1);
  });
});

test('with two environments for all, callers alternate without seeing each other either', async () => {
  await using lambda = await startExample('per-caller', '--environments', '2');
  const { alice, bob, pipeline } = await callers(lambda);
  for (let at = 0; at < 4; at += 1)
    for (const caller of [alice, bob, pipeline]) {
      await caller.remember();
      await caller.recall();
    }
  expect([alice, bob, pipeline].flatMap(({ leaks }) => leaks)).toEqual([]);
});

test('in shared mode, the same calls return the data of the other caller', async () => {
  await using lambda = await startExample('shared');
  const { alice, bob } = await callers(lambda);
  await alternate(alice, bob);
  expect(alice.leaks.length).toBeGreaterThan(CALLS / 10);
  expect(bob.leaks.length).toBeGreaterThan(CALLS / 10);
  // The table is keyed by the caller in both modes.
  await alice.tool('/mcp', 'notes_add_note', { text: 'a note' });
  expect(JSON.parse(await bob.tool('/mcp', 'notes_list_notes'))).toEqual([]);
});
