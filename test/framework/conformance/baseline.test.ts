import { describe, expect, test } from 'vitest';
import { judge, parseBaseline, unknownScenarios } from './baseline.ts';
import { formatReport } from './report.ts';
import type { Check, Lane, ScenarioRun } from './suites.ts';

const baseline = parseBaseline('# why\nserver:\n  - needs-session # it has none\n');

const legacy: Lane = {
  package: 'suite',
  version: '1.0.0',
  revision: '2025-11-25',
  suite: 'all',
  pending: [],
};
const modern: Lane = { ...legacy, revision: '2026-07-28' };

function ran(scenario: string, statuses: Check['status'][], lane = legacy): ScenarioRun {
  const checks = statuses.map(status => ({ id: 'check', description: 'A check', status }));
  return { lane, scenario, checks, output: '' };
}

describe('the verdict on a scenario', () => {
  test.each<[ScenarioRun, string]>([
    [ran('ping', ['SUCCESS', 'SKIPPED', 'INFO']), 'passed'],
    [ran('ping', ['SUCCESS', 'FAILURE']), 'unexpected failure'],
    [ran('ping', ['SUCCESS', 'WARNING']), 'unexpected failure'],
    [ran('needs-session', ['WARNING']), 'expected failure'],
    [ran('needs-session', ['SUCCESS']), 'unexpected pass'],
    [ran('needs-session', ['WARNING'], modern), 'unexpected failure'],
    [ran('needs-session', ['SUCCESS'], modern), 'passed'],
    [{ ...ran('needs-session', []), checks: undefined }, 'did not run'],
  ])('is, in case %#, "%s"', (run, verdict) => {
    const judged = judge(run, baseline);
    expect(judged.verdict).toBe(verdict);
    expect(judged.problems.length > 0).toBe(!['passed', 'expected failure'].includes(verdict));
  });

  test('has the failed check for an unexpected failure', () => {
    expect(judge(ran('ping', ['FAILURE']), baseline).problems).toEqual(['FAILURE check: A check']);
  });
});

test('a line of baseline.yml must have a reason and name a scenario of a suite', () => {
  expect(baseline).toEqual(new Map([['needs-session', 'it has none']]));
  expect(unknownScenarios([ran('needs-session', [])], baseline)).toEqual([]);
  expect(unknownScenarios([ran('ping', []), ran('needs-session', [], modern)], baseline)).toEqual([
    'needs-session',
  ]);
  expect(() => parseBaseline('server:\n  - needs-session\n')).toThrow('needs-session');
  expect(() => parseBaseline('server:\n  - twice # a\n  - twice # b\n')).toThrow('listed twice');
});

test('the conformance report has one table per revision, the problems, and a line of totals per revision', () => {
  const runs = [
    ran('ping', ['SUCCESS'], modern),
    ran('ping', ['SUCCESS', 'SKIPPED']),
    ran('needs-session', ['WARNING']),
    ran('broken', ['FAILURE']),
  ];
  expect(formatReport(runs.map(run => judge(run, baseline)))).toMatchInlineSnapshot(`
    "2026-07-28 by suite 1.0.0, all
    scenario  passed  failed  warned  skipped  verdict
    ping      1       0       0       0        passed

    2025-11-25 by suite 1.0.0, all
    scenario       passed  failed  warned  skipped  verdict
    ping           1       0       0       1        passed
    needs-session  0       0       1       0        expected failure
    broken         0       1       0       0        unexpected failure

    broken (2025-11-25, suite 1.0.0, all): unexpected failure
      FAILURE check: A check

    2026-07-28: 1 of 1 scenarios pass, 0 expected failures, 0 unexpected; checks: 1 passed, 0 failed, 0 warned, 0 skipped
    2025-11-25: 1 of 3 scenarios pass, 1 expected failures, 1 unexpected; checks: 1 passed, 1 failed, 1 warned, 1 skipped"
  `);
});
