/** A build for another architecture than this machine's: it runs no program of that architecture, and has no files of this one. */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { FIXTURE_APP, ROOT, startDist } from '../../../helpers/local-lambda.ts';

const OTHER = process.arch === 'arm64' ? 'x64' : 'arm64';
const OUT = `dist-${OTHER}-${process.pid}`;
afterAll(() => rmSync(join(ROOT, OUT), { recursive: true, force: true }));

function build(architecture: string) {
  const script = 'scripts/build/build.ts';
  const args = [script, '--app', FIXTURE_APP, '--out', OUT, '--client', 'javascript'];
  return spawnSync(process.execPath, [...args, '--architecture', architecture], {
    cwd: ROOT,
    encoding: 'utf8',
  });
}

test('a build for another architecture has an empty code cache, and serves', async () => {
  const { status, stderr } = build(OTHER);
  expect([status, stderr]).toEqual([0, '']);
  expect(statSync(join(ROOT, OUT, 'bundle.cache')).size).toBe(0);
  await using lambda = await startDist(join(ROOT, OUT), { env: { MCP_AUTH: 'none' } });
  expect((await fetch(`${lambda.url}/healthz`)).status).toBe(200);
});

test('the build rejects an architecture that Lambda does not have, and lists the accepted names', () => {
  expect(build('riscv64').stderr).toContain('--architecture must be arm64 or x64 (amd64), not riscv64');
});

test('the Dockerfile runs programs on the build platform only, and the image is built from scratch', () => {
  const stages = readFileSync(join(ROOT, 'Dockerfile'), 'utf8')
    .split(/^FROM /m)
    .slice(1);
  const commands = stages.map(stage => ({
    from: stage.split('\n', 1)[0] ?? '',
    runs: /^RUN /m.test(stage),
  }));
  expect(commands.filter(({ runs }) => runs).map(({ from }) => from)).toEqual([
    expect.stringContaining('--platform=$BUILDPLATFORM'),
  ]);
  expect(commands.at(-1)?.from).toBe('scratch');
});
