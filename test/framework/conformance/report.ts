/** The conformance run as text: a table per suite and revision, the problems, and a line of totals per revision. */
import type { Judged, Verdict } from './baseline.ts';
import type { Check, Revision } from './suites.ts';

const COLUMNS = { passed: 'SUCCESS', failed: 'FAILURE', warned: 'WARNING', skipped: 'SKIPPED' } as const;

const names = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[];

export function formatReport(judged: readonly Judged[]): string {
  const byLane = Map.groupBy(judged, run => run.lane);
  const byRevision = Map.groupBy(judged, run => run.lane.revision);
  const problems = judged.filter(run => run.problems.length > 0);
  return [
    ...[...byLane].map(
      ([lane, runs]) => `${lane.revision} by suite ${lane.version}, ${lane.suite}\n${formatTable(runs)}`,
    ),
    ...problems.map(run => `${title(run)}\n${run.problems.map(line => `  ${line}`).join('\n')}`),
    [...byRevision].map(([revision, runs]) => formatTotals(revision, runs)).join('\n'),
  ].join('\n\n');
}

function formatTable(runs: readonly Judged[]): string {
  const head = ['scenario', ...names, 'verdict'];
  const rows = runs.map(run => [run.scenario, ...names.map(name => String(count([run], name))), run.verdict]);
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map(row => row[column]?.length ?? 0)));
  return [head, ...rows]
    .map(row =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function formatTotals(revision: Revision, runs: readonly Judged[]): string {
  const of = (verdict: Verdict) => runs.filter(run => run.verdict === verdict).length;
  const expected = of('expected failure');
  const wrong = runs.length - of('passed') - expected;
  const checks = names.map(name => `${count(runs, name)} ${name}`).join(', ');
  return `${revision}: ${of('passed')} of ${runs.length} scenarios pass, ${expected} expected failures, ${wrong} unexpected; checks: ${checks}`;
}

function count(runs: readonly Judged[], column: keyof typeof COLUMNS): number {
  const counts = (check: Check) => check.status === COLUMNS[column];
  return runs.flatMap(run => run.checks ?? []).filter(counts).length;
}

function title({ lane, scenario, verdict }: Judged): string {
  return `${scenario} (${lane.revision}, suite ${lane.version}, ${lane.suite}): ${verdict}`;
}
