/**
 * MCP clients of other projects. Each lists the tools and calls one, with and without a token. They are a separate package
 * (1.4 GB), which `npm run test:clients` installs. The clients in Python are in test/framework/foreign/python-clients.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeAll } from '../../helpers/close-all.ts';
import { type FakeUpstream, startFakeUpstream } from '../../helpers/fake-upstream.ts';
import { ROOT, type RunningLambda, startApp } from '../../helpers/local-lambda.ts';
import { describeWith, type Found } from '../../helpers/skipped-suites.ts';
import { TESTED } from './tested.ts';

const FOLDER = join(ROOT, 'test/framework/clients');
const TOKEN = 'a-token-for-real-clients-0123456789';

interface Result {
  tools: string[];
  text: string;
  /** Number of progress reports of the client; undefined if it does not report progress. */
  progress?: number;
}

let upstream: FakeUpstream;
let open: RunningLambda;
let closed: RunningLambda;
beforeAll(async () => {
  upstream = await startFakeUpstream({ delayMs: 30 });
  const token = { MCP_AUTH: 'token', MCP_TOKEN_SHA256: createHash('sha256').update(TOKEN).digest('hex') };
  [open, closed] = await Promise.all([
    startApp({ env: upstream.env }),
    startApp({ env: { ...upstream.env, ...token } }),
  ]);
});
afterAll(() => closeAll(open, closed, upstream));

/** Runs a driver in its own home directory, without the environment variables of this machine. */
async function drive(program: string, file: string, ...rest: string[]): Promise<Result> {
  const home = mkdtempSync(join(tmpdir(), 'client-'));
  try {
    const options = { cwd: home, env: { PATH: process.env.PATH, HOME: home }, maxBuffer: 64 * 1024 * 1024 };
    const { stdout } = await promisify(execFile)(program, [join(FOLDER, 'drivers', file), ...rest], options);
    return JSON.parse(/^RESULT (.*)$/m.exec(stdout)?.[1] ?? expect.fail(`No result in ${stdout}`));
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

function expectResult({ tools, text, progress }: Result): void {
  expect([...new Set(tools)].toSorted()).toEqual(['lookup', 'lookup_many']);
  expect(text).toMatch(/the rise and fall of the sea[\s\S]*a mass of ice/);
  // Clients of SDK v1 lose progress that arrives directly before the result.
  if (progress !== undefined) expect(progress).toBeGreaterThanOrEqual(1);
}

const installed: Found<true> = existsSync(join(FOLDER, 'node_modules/mcp-remote'))
  ? { found: true }
  : {
      missing:
        'Claude Code, Codex, Gemini CLI and others are not installed (1.4 GB). To install and run them: npm run test:clients',
    };

describeWith(installed)('clients from npm', () => {
  test.each(TESTED)('$client lists the tools and calls one, with and without a token', async tested => {
    const { driver, speaks } = tested;
    const from = open.output().length;
    expectResult(await drive(process.execPath, driver, `${open.url}/mcp`));
    const revisions = [
      ...open
        .output()
        .slice(from)
        .matchAll(/"revision":"([^"]*)"/g),
    ].map(([, found]) => found);
    // Gemini CLI does not send a header with its protocol revision.
    if (revisions.length > 0) expect(revisions.at(-1)).toBe(speaks);
    expectResult(await drive(process.execPath, driver, `${closed.url}/mcp`, TOKEN));
  });
});
