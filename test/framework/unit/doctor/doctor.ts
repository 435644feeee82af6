/** Runs the doctor as a command and returns its report. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';
import { MANY_TERMS } from '../../../helpers/fake-upstream.ts';
import { ROOT } from '../../../helpers/local-lambda.ts';

interface Outcome {
  id: string;
  status: string;
  found: string;
  advice?: string;
}

export interface Report {
  code: number;
  healthy: boolean;
  checks: Outcome[];
  get(id: string): Outcome;
  /** Ids of the checks with this status. */
  with(status: string): string[];
}

export async function run(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [join(ROOT, 'scripts/doctor/main.ts'), ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { stdout, stderr, code: code as number };
}

/** Options that make the doctor call the fixture's tool that reports progress, with enough terms for three rounds. */
export const STREAMING = [
  ...['--tool', 'lookup_many'],
  ...['--arguments', JSON.stringify({ terms: MANY_TERMS.slice(0, 12) })],
];

/** Runs the doctor with {@link STREAMING}; `args` override it. */
export async function doctor(
  url: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Report> {
  const { stdout, stderr, code } = await run([url, '--json', '--timeout', '10', ...STREAMING, ...args], env);
  expect(stderr).toBe('');
  const report: { url: string; healthy: boolean; checks: Outcome[] } = JSON.parse(stdout);
  expect(code).toBe(report.healthy ? 0 : 1);
  return {
    ...report,
    code,
    get: id => report.checks.find(check => check.id === id) ?? expect.fail(`no check ${id}`),
    with: status => report.checks.filter(check => check.status === status).map(({ id }) => id),
  };
}
