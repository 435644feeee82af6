/**
 * A short run of the benchmark: its rows, and that no measurement is several times slower than before. The bounds are ratios
 * within one run, about twice the values of an idle machine. `npm run bench` prints the exact values.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dollarsPerMillion } from '../../../../scripts/bench/prices.ts';
import { profiled } from '../../../../scripts/bench/profile.ts';
import { ours } from '../../../../scripts/bench/subjects.ts';
import { ADDON } from '../../../../scripts/build/snap-start.ts';
import { DIST, ROOT } from '../../../helpers/local-lambda.ts';
import { describeWith, type Found } from '../../../helpers/skipped-suites.ts';

interface Row {
  name: string;
  memory_mb: number;
  init_ms: number;
  first_ms: number;
  first_cpu_ms: number;
  warm_ms: number;
  settled_ms: number;
  settled_cpu_ms: number;
  rss_mb: number;
}

interface Results {
  node_ms: number;
  results: Row[];
  restored: { name: string; memory_mb: number; hooks_ms: number; first_ms: number; init_ms: number }[];
  rows: { name: string; bundle_kb: number; invocations?: number }[];
}

const folder = mkdtempSync(join(tmpdir(), 'bench-test-'));
let results: Results;
let svg: string;
beforeAll(async () => {
  const [json, chart] = [join(folder, 'rows.json'), join(folder, 'chart.svg')];
  const options = [
    '--no-peers',
    '--no-many',
    '--memory',
    '1769',
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
  results = JSON.parse(readFileSync(json, 'utf8'));
  svg = readFileSync(chart, 'utf8');
});
afterAll(() => rmSync(folder, { recursive: true }));

function summaryOf(name: string): Results['rows'][number] {
  return results.rows.find(each => each.name.startsWith(name)) ?? expect.fail(`no row ${name}`);
}

function row(name: string): Row {
  return results.results.find(each => each.name.startsWith(name)) ?? expect.fail(`no row ${name}`);
}

const ADDON_FOUND: Found<true> = existsSync(join(DIST, ADDON))
  ? { found: true }
  : { missing: `The build has no ${ADDON}, which SnapStart needs. Run: npm run native` };

const NAMES = [
  'floor: the client and {}',
  'mcp-on-lambda, 2026-07-28',
  'mcp-on-lambda, 2025-11-25',
  'mcp-on-lambda, reuse, 2026-07-28',
  'mcp-on-lambda, reuse, 2025-11-25',
];

test('the benchmark has a row for the floor and for both eras, with and without reuse, and a chart of them', () => {
  expect(results.results.map(({ name }) => name)).toEqual(NAMES);
  expect(results.results.every(({ memory_mb }) => memory_mb === 1769)).toBe(true);
  for (const name of NAMES) expect(svg).toContain(name);
  expect(results.node_ms).toBeLessThan(row('floor').first_ms);
  expect(row('floor').init_ms).toBeLessThan(row('floor').first_ms);
  expect(summaryOf('mcp-on-lambda, 2026').bundle_kb).toBeGreaterThan(100);
});

describeWith(ADDON_FOUND)('restores', () => {
  test('a restore lasts from the response to restore/next until the first response', () => {
    expect(results.restored.map(({ name, memory_mb }) => [name, memory_mb])).toEqual([
      ['mcp-on-lambda, 2026-07-28', 1769],
      ['mcp-on-lambda, 2025-11-25', 1769],
    ]);
    for (const { hooks_ms, first_ms, init_ms } of results.restored) {
      expect(hooks_ms).toBeGreaterThan(0);
      expect(first_ms).toBeGreaterThan(hooks_ms);
      expect(first_ms).toBeLessThan(init_ms);
    }
  });
});

test.each(NAMES.slice(1))('%s is not several times slower than it was', name => {
  const { first_cpu_ms, first_ms, warm_ms, settled_ms, settled_cpu_ms, rss_mb } = row(name);
  const floor = row('floor');
  expect(first_cpu_ms / floor.first_cpu_ms).toBeLessThan(8);
  expect(first_ms / floor.first_ms).toBeLessThan(6);
  expect(warm_ms / floor.warm_ms).toBeLessThan(6);
  expect(settled_ms / floor.settled_ms).toBeLessThan(6);
  expect(settled_cpu_ms / floor.settled_cpu_ms).toBeLessThan(6);
  expect(rss_mb).toBeLessThan(180);
});

test('a client of the older revisions needs more invocations for a call', () => {
  expect(summaryOf('mcp-on-lambda, 2026').invocations).toBeLessThanOrEqual(2);
  expect(summaryOf('mcp-on-lambda, 2025').invocations).toBeGreaterThanOrEqual(3);
});

test('dollarsPerMillion calculates the price of requests and duration', () => {
  // A million requests of 10 ms at 1769 MB: $0.20, and 10000 s × 1.7275 GB × $0.0000133334.
  expect(dollarsPerMillion({ cpuMs: 10, wallMs: 4, invocations: 1 }, 1769)).toBeCloseTo(0.2 + 0.23034, 4);
  // With a seventh of a vCPU it takes seven times as long, and costs the same but for rounding.
  expect(dollarsPerMillion({ cpuMs: 10, wallMs: 4, invocations: 2 }, 1769 / 7)).toBeCloseTo(
    2 * (0.2 + 0.23034),
    4,
  );
  // A call that only waits costs by its memory.
  expect(dollarsPerMillion({ cpuMs: 1, wallMs: 1000, invocations: 1 }, 128)).toBeCloseTo(
    0.2 + 1_000_000 * 0.125 * 0.0000133334,
    4,
  );
});

test('a profile splits the CPU time by the parts of the program', async () => {
  const [row] = ours();
  if (!row) expect.fail('ours() returned no row');
  const [split = {}] = await profiled(row, mkdtempSync(join(folder, 'profile-')), [[1, 60]]);
  for (const part of ['client of the runtime', 'MCP SDK', 'validation', 'log', 'Hono', 'response'])
    expect(split[part], `${part} of ${Object.keys(split)}`).toBeGreaterThan(0);
});
