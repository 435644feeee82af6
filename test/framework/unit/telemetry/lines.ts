/** Reads the log lines of a function as CloudWatch does: their fields, and the metrics in them. */

export type Line = Record<string, unknown> & { _aws?: { CloudWatchMetrics: Directive[] } };

interface Directive {
  Namespace: string;
  Dimensions: string[][];
  Metrics: { Name: string }[];
}

/** Returns the log lines of the app: lines of JSON with a type. */
export function linesOf(output: string, type?: 'request' | 'log'): Line[] {
  return output
    .split('\n')
    .filter(text => text.startsWith('{'))
    .map(text => JSON.parse(text) as Line)
    .filter(line => (type ? line.type === type : line.type !== undefined));
}

/** Returns the sum of each metric, by name (`Calls`) or name and tool (`Calls echo`). */
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
