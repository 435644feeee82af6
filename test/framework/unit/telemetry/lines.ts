/** Reads the lines of a function as CloudWatch does: the fields of each, and the metrics that it makes of them. */

export type Line = Record<string, unknown> & { _aws?: { CloudWatchMetrics: Directive[] } };

interface Directive {
  Namespace: string;
  Dimensions: string[][];
  Metrics: { Name: string }[];
}

/** Those of the app: lines of JSON with a type. */
export function linesOf(output: string, type?: 'request' | 'log'): Line[] {
  return output
    .split('\n')
    .filter(text => text.startsWith('{'))
    .map(text => JSON.parse(text) as Line)
    .filter(line => (type ? line.type === type : line.type !== undefined));
}

/** `Calls`, or `Calls greet` by tool → sum. */
export function sums(lines: readonly Line[]): Record<string, number> {
  const totals: Record<string, number> = {};
  for (const line of lines) {
    for (const { Dimensions, Metrics } of line._aws?.CloudWatchMetrics ?? []) {
      for (const set of Dimensions) {
        const tool = set.includes('Tool') ? ` ${line.Tool}` : '';
        for (const { Name } of Metrics) {
          const name = `${Name}${tool}`;
          totals[name] = (totals[name] ?? 0) + (line[Name] as number);
        }
      }
    }
  }
  return totals;
}
