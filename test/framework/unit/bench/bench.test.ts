/**
 * A short run of the benchmark: its rows, and that no measurement is several times slower than before. The bounds are ratios
 * within one run, about twice the values of an idle machine. `npm run bench` prints the exact values.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dollarsPerMillion } from '../../../../scripts/bench/prices.ts';
import { profiled } from '../../../../scripts/bench/profile.ts';
import { ours } from '../../../../scripts/bench/subjects.ts';
import { ROOT } from '../../../helpers/local-lambda.ts';

interface Row {
  name: string;
  init_ms: number;
  first_ms: number;
  first_cpu_ms: number;
  warm_ms: number;
  settled_ms: number;
  settled_cpu_ms: number;
  rss_mb: number;
  bundle_kb: number;
  invocations: number;
}

const folder = mkdtempSync(join(tmpdir(), 'bench-test-'));
let rows: Row[];
let svg: string;
beforeAll(async () => {
  const [json, chart] = [join(folder, 'rows.json'), join(folder, 'chart.svg')];
  const options = [
    '--no-peers',
    '--no-limit',
    '--no-many',
    '--repetitions',
    '5',
    '--calls',
    '30',
    '--settled',
    '300',
    '--json',
    json,
    '--svg',
    chart,
  ];
  await promisify(execFile)(process.execPath, [join(ROOT, 'scripts/bench/main.ts'), ...options]);
  rows = JSON.parse(readFileSync(json, 'utf8'));
  svg = readFileSync(chart, 'utf8');
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true }));

function row(name: string): Row {
  return rows.find(each => each.name.startsWith(name)) ?? expect.fail(`no row ${name}`);
}

test('the benchmark has one row each for Node, the floor and both eras, and a chart of them', () => {
  expect(rows.map(({ name }) => name)).toEqual([
    'node -e 0',
    'floor: the client and {}',
    'mcp-on-lambda, 2026-07-28',
    'mcp-on-lambda, 2025-11-25',
  ]);
  for (const { name } of rows) expect(svg).toContain(name);
  expect(row('floor').init_ms).toBeLessThan(row('floor').first_ms);
  expect(row('mcp-on-lambda, 2026').bundle_kb).toBeGreaterThan(100);
});

test.each(['mcp-on-lambda, 2026-07-28', 'mcp-on-lambda, 2025-11-25'])(
  'the ratios of %s to the floor stay within their bounds',
  name => {
    const { first_cpu_ms, first_ms, warm_ms, settled_ms, settled_cpu_ms, rss_mb } = row(name);
    const floor = row('floor');
    expect(first_cpu_ms / floor.first_cpu_ms).toBeLessThan(8);
    expect(first_ms / floor.first_ms).toBeLessThan(6);
    expect(warm_ms / floor.warm_ms).toBeLessThan(6);
    expect(settled_ms / floor.settled_ms).toBeLessThan(6);
    expect(settled_cpu_ms / floor.settled_cpu_ms).toBeLessThan(6);
    expect(rss_mb).toBeLessThan(115);
  },
);

test('a client of the older revisions needs more invocations for a call', () => {
  expect(row('mcp-on-lambda, 2026').invocations).toBeLessThanOrEqual(2);
  expect(row('mcp-on-lambda, 2025').invocations).toBeGreaterThanOrEqual(3);
});

test('dollarsPerMillion calculates the price of requests and duration', () => {
  // A million requests of 10 ms at 1769 MB: $0.20, and 10000 s × 1.7275 GB × $0.0000133334.
  expect(dollarsPerMillion({ cpuMs: 10, wallMs: 4, invocations: 1 }, 1769)).toBeCloseTo(0.2 + 0.23034, 4);
  // With 1/7 of a vCPU it takes seven times as long, and costs the same except for rounding.
  expect(dollarsPerMillion({ cpuMs: 10, wallMs: 4, invocations: 2 }, 1769 / 7)).toBeCloseTo(
    2 * (0.2 + 0.23034),
    4,
  );
  // While a request waits without using the CPU, the price depends on the memory.
  expect(dollarsPerMillion({ cpuMs: 1, wallMs: 1000, invocations: 1 }, 128)).toBeCloseTo(
    0.2 + 1_000_000 * 0.125 * 0.0000133334,
    4,
  );
});

test('a profile splits the CPU time by the parts of the program', { timeout: 60_000 }, async () => {
  const [row] = ours();
  if (!row) expect.fail('ours() returned no row');
  const [split = {}] = await profiled(row, mkdtempSync(join(folder, 'profile-')), [[1, 60]]);
  for (const part of ['client of the runtime', 'MCP SDK', 'validation', 'log', 'Hono', 'response'])
    expect(split[part], `${part} of ${Object.keys(split)}`).toBeGreaterThan(0);
});
