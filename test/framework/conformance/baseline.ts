/**
 * The verdict on each scenario: compares its checks with baseline.yml, which lists what a stateless server cannot do.
 *
 * A warning counts as a failure, as in the suites' own evaluation of a baseline. A listed scenario that passes or does not exist
 * is an error, like a scenario that fails and is not listed.
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
  /** The problems, one per line; empty if the result is as expected. */
  problems: readonly string[];
}

/** Returns the reasons by scenario. Throws if a line has no reason, or if the suites would read it differently. */
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
      problems: [`left no result; the end of the suite's output:\n${run.output}`],
    };
  }
  const failures = run.checks
    .filter(check => check.status === 'FAILURE' || check.status === 'WARNING')
    .map(check => `${check.status} ${check.id}: ${check.errorMessage ?? check.description}`);
  const excused = run.lane.revision !== '2026-07-28' && baseline.has(run.scenario);
  if (excused && failures.length === 0) {
    return { ...run, verdict: 'unexpected pass', problems: ['it passes: remove it from baseline.yml'] };
  }
  if (excused) return { ...run, verdict: 'expected failure', problems: [] };
  if (failures.length > 0) return { ...run, verdict: 'unexpected failure', problems: failures };
  return { ...run, verdict: 'passed', problems: [] };
}

/** Returns the scenarios of the baseline that no suite has. */
export function unknownScenarios(
  runs: readonly ScenarioRun[],
  baseline: ReadonlyMap<string, string>,
): string[] {
  const legacy = new Set(runs.filter(run => run.lane.revision !== '2026-07-28').map(run => run.scenario));
  return [...baseline.keys()].filter(scenario => !legacy.has(scenario));
}
