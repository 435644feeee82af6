/**
 * The verdict on each scenario: its checks against the list of what a stateless server cannot do (baseline.yml).
 *
 * A warning counts as a failure, as in the suites' own judgement of a baseline. The list is exact both ways: a listed
 * scenario that passes, or that no suite knows, is as wrong as one that fails without being listed.
 */
import type { ScenarioRun } from './suites.ts';

export type Verdict =
  | 'passed'
  | 'expected failure'
  | 'unexpected failure'
  | 'unexpected pass'
  | 'did not run';

export interface Judged extends ScenarioRun {
  verdict: Verdict;
  /** What is wrong, a line each; empty when all is as expected. */
  problems: readonly string[];
}

/** Scenario by reason. Throws when a line has no reason, or is not a line the suites would read the same way. */
export function parseBaseline(yaml: string): Map<string, string> {
  const reasons = new Map<string, string>();
  for (const line of yaml.split('\n')) {
    if (/^(#.*|server:)?$/.test(line)) continue;
    const [, scenario, reason] = /^ {2}- ([\w-]+) # (\S.*)$/.exec(line) ?? [];
    if (!scenario || !reason) throw new Error(`baseline: not "  - scenario # reason": ${line}`);
    if (reasons.has(scenario)) throw new Error(`baseline: ${scenario} is listed twice`);
    reasons.set(scenario, reason);
  }
  return reasons;
}

export function judge(run: ScenarioRun, baseline: ReadonlyMap<string, string>): Judged {
  if (run.checks === undefined) {
    return {
      ...run,
      verdict: 'did not run',
      problems: [`left no result; the suite's last words:\n${run.output}`],
    };
  }
  const failures = run.checks
    .filter(check => check.status === 'FAILURE' || check.status === 'WARNING')
    .map(check => `${check.status} ${check.id}: ${check.errorMessage ?? check.description}`);
  const excused = run.lane.revision !== '2026-07-28' && baseline.has(run.scenario);
  if (excused && failures.length === 0) {
    return { ...run, verdict: 'unexpected pass', problems: ['passes: take it out of baseline.yml'] };
  }
  if (excused) return { ...run, verdict: 'expected failure', problems: [] };
  if (failures.length > 0) return { ...run, verdict: 'unexpected failure', problems: failures };
  return { ...run, verdict: 'passed', problems: [] };
}

/** Lines of the baseline that excuse nothing, because no suite has such a scenario. */
export function unknownScenarios(
  runs: readonly ScenarioRun[],
  baseline: ReadonlyMap<string, string>,
): string[] {
  const legacy = new Set(runs.filter(run => run.lane.revision !== '2026-07-28').map(run => run.scenario));
  return [...baseline.keys()].filter(scenario => !legacy.has(scenario));
}
