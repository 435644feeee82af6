/** The official conformance suites against the everything-server: a test a scenario, suite and revision. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ConformanceRun, runConformance } from './run.ts';
import { lanes, listScenarios } from './suites.ts';
import { startTarget, type Target } from './target.ts';

let target: Target | undefined;
let run: ConformanceRun | undefined;

beforeAll(async () => {
  target = await startTarget();
  run = await runConformance({ url: target.url });
}, 120_000);

afterAll(async () => {
  await target?.close();
  if (run) process.stdout.write(`\n${run.report}\n`);
});

for (const lane of lanes) {
  const scenarios = await listScenarios(lane);
  describe(`${lane.revision}, suite ${lane.version}`, () => {
    test.each(scenarios)('%s', scenario => {
      const result = run?.scenarios.find(each => each.lane === lane && each.scenario === scenario);
      expect(result?.problems).toEqual([]);
    });
  });
}

test('the baseline names no scenario that the suites do not have', () => {
  expect(run?.unknown).toEqual([]);
});
