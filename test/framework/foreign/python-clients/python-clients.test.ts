/**
 * MCP clients in Python: the official SDK in both major versions and FastMCP. Each lists tools, calls one with progress, chooses by a
 * form, reads a resource, cancels a call and calls again, with a token and without. Signing in with FastMCP: test/framework/oauth-clients.
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
import { type RunningLambda, startApp } from '../../../helpers/local-lambda.ts';
import { describeWith } from '../../../helpers/skipped-suites.ts';
import { pythonPrograms } from '../install.ts';

const TOKEN = 'a-token-for-python-clients-0123456789';
const FOLDER = fileURLToPath(new URL('.', import.meta.url));
/** Installing and a client's start, on a slow machine. */
const TIMEOUT_MS = 300_000;

const CHOSEN = 'mercury (planet): the planet closest to the sun';
/** Clients of older revisions cannot be asked: there is no session. */
const NOT_ASKED = 'Name one of: mercury (element); mercury (planet).';

const CLIENTS = [
  {
    name: 'the official SDK 2',
    driver: 'sdk_client.py',
    requirements: 'requirements.txt',
    args: ['auto'],
    revision: '2026-07-28',
    chosen: CHOSEN,
  },
  {
    name: 'the official SDK 2 in its legacy mode',
    driver: 'sdk_client.py',
    requirements: 'requirements.txt',
    args: ['legacy'],
    revision: '2025-11-25',
    chosen: NOT_ASKED,
  },
  {
    name: 'the official SDK 1',
    driver: 'sdk_v1_client.py',
    requirements: 'requirements-v1.txt',
    args: [],
    revision: '2025-11-25',
    chosen: NOT_ASKED,
  },
  {
    name: 'FastMCP',
    driver: 'fastmcp_client.py',
    requirements: 'requirements.txt',
    args: [],
    revision: '2026-07-28',
    chosen: CHOSEN,
  },
] as const;

const programs = await pythonPrograms('python-clients', new URL('requirements.txt', import.meta.url));

describeWith(programs)('clients in Python', bin => {
  let upstream: FakeUpstream;
  let open: RunningLambda;
  let closed: RunningLambda;
  beforeAll(async () => {
    upstream = await startFakeUpstream({ delayMs: 30 });
    const digest = createHash('sha256').update(TOKEN).digest('hex');
    [open, closed] = await Promise.all([
      startApp({ env: upstream.env }),
      startApp({ env: { ...upstream.env, MCP_AUTH: 'token', MCP_TOKEN_SHA256: digest } }),
    ]);
  });
  afterAll(() => closeAll(open, closed, upstream));

  test.each(CLIENTS)(
    '$name works with a token and without',
    async ({ driver, requirements, args, revision, chosen }) => {
      const file = new URL(requirements, import.meta.url);
      const found =
        requirements === 'requirements.txt'
          ? { found: bin }
          : await pythonPrograms('python-clients-v1', file);
      if (!('found' in found)) throw new Error(found.missing);
      const run = async (...rest: string[]) => {
        const { stdout } = await promisify(execFile)(
          join(found.found, 'python'),
          [join(FOLDER, driver), ...rest],
          { maxBuffer: 64 * 1024 * 1024 },
        );
        return JSON.parse(/^RESULT (.*)$/m.exec(stdout)?.[1] ?? expect.fail(`No result in ${stdout}`));
      };
      const expected = {
        revision,
        tools: expect.arrayContaining(['lookup', 'lookup_many']),
        text: expect.stringMatching(/the rise and fall of the sea[\s\S]*a mass of ice/),
        progress: 8,
        chosen,
        resource: expect.stringContaining('a mass of ice'),
        cancelled: true,
        after: expect.stringContaining('the rise and fall of the sea'),
      };
      expect(await run(`${open.url}/mcp`, ...args)).toEqual(expected);
      expect(await run(`${closed.url}/mcp`, ...args, TOKEN)).toEqual(expected);
      await expect(run(`${closed.url}/mcp`, ...args)).rejects.toThrow();
    },
    TIMEOUT_MS,
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
