/** The benchmark when it is interrupted: processes, control group and temporary folder are gone. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ROOT } from '../../../helpers/local-lambda.ts';

const folder = mkdtempSync(join(tmpdir(), 'bench-interrupt-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Processes whose environment names `folder`. */
function processes(): string[] {
  return readdirSync('/proc').filter(pid => {
    try {
      return (
        /^\d+$/.test(pid) &&
        readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`LAMBDA_TASK_ROOT=${folder}`)
      );
    } catch {
      return false; // It has ended.
    }
  });
}

test.skipIf(process.platform !== 'linux').each(['SIGTERM', 'SIGINT'] as const)(
  'the benchmark gives everything back on %s',
  async signal => {
    const args = ['--no-peers', '--no-restore', '--no-many', '--memory', '128,1769', '--repetitions', '50'];
    const bench = spawn(process.execPath, [join(ROOT, 'scripts/bench/main.ts'), ...args], {
      env: { ...process.env, TMPDIR: folder },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const exited = once(bench, 'exit');
    await expect.poll(() => processes().length).toBeGreaterThan(0);
    bench.kill(signal);
    expect(await exited).toEqual([1, null]);
    await expect.poll(processes).toEqual([]);
    expect(globSync(`/sys/fs/cgroup{,/cpu}/mcp-on-lambda-bench-${bench.pid}`)).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
    expect(existsSync(folder)).toBe(true);
  },
);
