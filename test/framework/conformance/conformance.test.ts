/** The official conformance suites, run against the everything-server: one test per scenario, suite, revision and endpoint that streams. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ConformanceRun, runConformance } from './run.ts';
import { lanes, listScenarios } from './suites.ts';
import { PATHS, type StreamingEndpoint, startTarget, type Target } from './target.ts';

const scenarios = await Promise.all(lanes.map(lane => listScenarios(lane)));

describe.each(Object.keys(PATHS) as StreamingEndpoint[])(
  'the everything-server behind %s passes the scenario',
  endpoint => {
    let target: Target | undefined;
    let run: ConformanceRun | undefined;
    beforeAll(async () => {
      target = await startTarget(endpoint);
      run = await runConformance({ url: target.url });
    });
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

    test('exists in the suites, for each scenario of baseline.yml', () => {
      expect(run?.unknown).toEqual([]);
    });
  },
);
