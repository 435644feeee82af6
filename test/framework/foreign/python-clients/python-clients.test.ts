/**
 * MCP clients in Python: the official SDK in both major versions and FastMCP. Each lists tools, calls one with progress, chooses by a
 * form, reads a resource, cancels a call and calls again, with a token and without; and calls a tool that requests sampling. Signing in
 * with FastMCP: test/framework/oauth-clients.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeAll } from '../../../helpers/close-all.ts';
import { type FakeUpstream, startFakeUpstream } from '../../../helpers/fake-upstream.ts';
import { type RunningLambda, startApp, startFunction } from '../../../helpers/local-lambda.ts';
import { describeWith } from '../../../helpers/skipped-suites.ts';
import { pythonPrograms } from '../install.ts';

const TOKEN = 'a-token-for-python-clients-0123456789';
const FOLDER = fileURLToPath(new URL('.', import.meta.url));

/** What a client of each revision gets from tools that request input. Up to 2025-11-25 there is no session to request it in. */
const REVISIONS = {
  '2026-07-28': {
    chosen: 'mercury (planet): the planet closest to the sun',
    sampling: {
      offered: { text: expect.stringMatching(/^Answered: .*"text":"pong"/), requests: 1 },
      not_offered: {
        text: expect.stringMatching(/^MCPError -32021: .*client capabilities do not declare/),
        requests: 0,
      },
    },
  },
  '2025-11-25': {
    chosen: 'Name one of: mercury (element); mercury (planet).',
    sampling: {
      offered: { text: expect.stringMatching(/^Cannot request input .*server-to-client/), requests: 0 },
      not_offered: { text: expect.stringMatching(/^Cannot request input .*server-to-client/), requests: 0 },
    },
  },
} as const;

const CLIENTS = [
  {
    name: 'the official SDK 2',
    driver: 'sdk_client.py',
    requirements: 'requirements.txt',
    args: ['--mode', 'auto'],
    revision: '2026-07-28',
  },
  {
    name: 'the official SDK 2 in its legacy mode',
    driver: 'sdk_client.py',
    requirements: 'requirements.txt',
    args: ['--mode', 'legacy'],
    revision: '2025-11-25',
  },
  {
    name: 'the official SDK 1',
    driver: 'sdk_v1_client.py',
    requirements: 'requirements-v1.txt',
    args: [],
    revision: '2025-11-25',
  },
  {
    name: 'FastMCP',
    driver: 'fastmcp_client.py',
    requirements: 'requirements.txt',
    args: [],
    revision: '2026-07-28',
  },
] as const;
type Client = (typeof CLIENTS)[number];

const COMMAND = 'npm run test:python-clients';
const programs = await pythonPrograms(
  'python-clients',
  new URL('requirements.txt', import.meta.url),
  COMMAND,
);

describeWith(programs)('clients in Python', bin => {
  let upstream: FakeUpstream;
  let open: RunningLambda;
  let closed: RunningLambda;
  /** With tools that request input. */
  let asking: RunningLambda;
  beforeAll(async () => {
    upstream = await startFakeUpstream({ delayMs: 30 });
    const digest = createHash('sha256').update(TOKEN).digest('hex');
    [open, closed, asking] = await Promise.all([
      startApp({ env: upstream.env }),
      startApp({ env: { ...upstream.env, MCP_AUTH: 'token', MCP_TOKEN_SHA256: digest } }),
      startFunction('stream', { env: { MCP_AUTH: 'none' } }, 'conformance-app'),
    ]);
  });
  afterAll(() => closeAll(open, closed, asking, upstream));

  async function run({ driver, requirements, args }: Client, ...rest: string[]) {
    const file = new URL(requirements, import.meta.url);
    const found =
      requirements === 'requirements.txt'
        ? { found: bin }
        : await pythonPrograms('python-clients-v1', file, COMMAND);
    if (!('found' in found)) throw new Error(found.missing);
    const { stdout } = await promisify(execFile)(
      join(found.found, 'python'),
      [join(FOLDER, driver), ...rest, ...args],
      { maxBuffer: 64 * 1024 * 1024 },
    );
    return JSON.parse(/^RESULT (.*)$/m.exec(stdout)?.[1] ?? expect.fail(`No result in ${stdout}`));
  }

  test.each(CLIENTS)('$name works with a token and without', async client => {
    const expected = {
      revision: client.revision,
      tools: expect.arrayContaining(['lookup', 'lookup_many']),
      text: expect.stringMatching(/the rise and fall of the sea[\s\S]*a mass of ice/),
      progress: 8,
      chosen: REVISIONS[client.revision].chosen,
      resource: expect.stringContaining('a mass of ice'),
      cancelled: true,
      after: expect.stringContaining('the rise and fall of the sea'),
    };
    expect(await run(client, 'use', `${open.url}/mcp`)).toEqual(expected);
    expect(await run(client, 'use', `${closed.url}/mcp`, '--token', TOKEN)).toEqual(expected);
    await expect(run(client, 'use', `${closed.url}/mcp`)).rejects.toThrow(
      /Valid credentials are required|401 Unauthorized/,
    );
  });

  test.each(CLIENTS)(
    '$name gets a request for sampling if its revision has one and it offers sampling, and an error otherwise',
    async client => {
      expect(await run(client, 'sample', `${asking.url}/mcp`)).toEqual(REVISIONS[client.revision].sampling);
    },
  );

  test('the pinned versions are those of the table in the README of the tests', () => {
    const page = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const [mcp, fastmcp] = ['mcp', 'fastmcp'].map(name => pinned('requirements.txt', name));
    const rows = [
      `| Python SDK 2 | ${mcp} | 2026-07-28, 2025-11-25 |`,
      `| Python SDK 1 | ${pinned('requirements-v1.txt', 'mcp')} | 2025-11-25 |`,
      `| FastMCP | ${fastmcp} | 2026-07-28 |`,
    ];
    for (const row of rows) expect(page).toContain(row);
  });
});

function pinned(file: string, name: string): string | undefined {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  return new RegExp(`^${name}==(\\S+)`, 'm').exec(text)?.[1];
}
