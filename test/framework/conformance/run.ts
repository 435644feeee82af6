/**
 * The conformance run: `npm run conformance` tests the everything-server in the local Lambda; with `-- --endpoint rest-api`,
 * behind a REST API that streams; with `-- --url URL`, any server that has the suites' tools.
 *
 * Prints a table per suite and revision, and a line of totals per revision. Exits with 1 unless every scenario passes or is in
 * baseline.yml, and every scenario in baseline.yml fails.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Judged, judge, parseBaseline, unknownScenarios } from './baseline.ts';
import { formatReport } from './report.ts';
import { lanes, listScenarios, runLane, type ScenarioRun } from './suites.ts';
import { PATHS, type StreamingEndpoint, startTarget } from './target.ts';

export interface ConformanceRun {
  scenarios: readonly Judged[];
  /** Scenarios of baseline.yml that no suite has. */
  unknown: readonly string[];
  /** Whether every scenario ran and had the expected result. */
  ok: boolean;
  report: string;
}

/** Runs every suite for every revision against the MCP server at `url`, one after another. */
export async function runConformance({ url }: { url: string }): Promise<ConformanceRun> {
  const baseline = parseBaseline(await readFile(new URL('baseline.yml', import.meta.url), 'utf8'));
  const runs: ScenarioRun[] = [];
  for (const lane of lanes) runs.push(...(await runLane(lane, await listScenarios(lane), url)));
  const scenarios = runs.map(run => judge(run, baseline));
  const unknown = unknownScenarios(runs, baseline);
  const ok = unknown.length === 0 && scenarios.every(run => run.problems.length === 0);
  const lost = unknown.map(scenario => `baseline.yml: no suite has a scenario ${scenario}\n`).join('');
  return { scenarios, unknown, ok, report: lost + formatReport(scenarios) };
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { url: { type: 'string' }, endpoint: { type: 'string' } } });
  const { url, endpoint = 'function-url' } = values;
  if (!(endpoint in PATHS)) throw new TypeError(`--endpoint must be one of ${Object.keys(PATHS).join(', ')}`);
  const target = url
    ? { url, close: async () => undefined }
    : await startTarget(endpoint as StreamingEndpoint);
  try {
    const { ok, report } = await runConformance({ url: target.url });
    console.log(report);
    process.exitCode = ok ? 0 : 1;
  } finally {
    await target.close();
  }
}

if (import.meta.main) await main();
