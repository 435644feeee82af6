/** The official conformance suites against the everything-server: a test a scenario, suite and revision, by each endpoint that streams. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ConformanceRun, runConformance } from './run.ts';
import { lanes, listScenarios } from './suites.ts';
import { PATHS, type StreamingEndpoint, startTarget, type Target } from './target.ts';

const scenarios = await Promise.all(lanes.map(lane => listScenarios(lane)));

describe.each(Object.keys(PATHS) as StreamingEndpoint[])('behind %s', endpoint => {
  let target: Target | undefined;
  let run: ConformanceRun | undefined;
  beforeAll(async () => {
    target = await startTarget(endpoint);
    run = await runConformance({ url: target.url });
  }, 120_000);
  afterAll(async () => {
    await target?.close();
    if (run) process.stdout.write(`\nBehind ${endpoint}:\n${run.report}\n`);
  });

  for (const [at, lane] of lanes.entries()) {
    describe(`${lane.revision}, suite ${lane.version}, ${lane.suite}`, () => {
      test.each(scenarios[at] ?? [])('%s', scenario => {
        const result = run?.scenarios.find(each => each.lane === lane && each.scenario === scenario);
        expect(result?.problems).toEqual([]);
      });
    });
  }

  test('the baseline names no scenario that the suites do not have', () => {
    expect(run?.unknown).toEqual([]);
  });
});
