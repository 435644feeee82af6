/**
 * The metrics that CloudWatch would extract from the function's lines in embedded metric format, as a table: `--metrics on`.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 * It works for the output of any function.
 */
import { printable } from './log.ts';

interface Directive {
  Namespace: string;
  Dimensions: string[][];
  Metrics: { Name: string; Unit?: string }[];
}

type Line = Record<string, unknown> & { _aws?: { CloudWatchMetrics?: Directive[] } };

/** One metric: a name in a namespace with the values of its dimensions. */
export interface Series {
  namespace: string;
  /** Name and value, in the order of the directive. */
  dimensions: readonly (readonly [string, string])[];
  name: string;
  unit: string;
  count: number;
  sum: number;
  /** The last values, for percentiles. */
  values: number[];
}

const KEPT_VALUES = 10_000;
/** CloudWatch's limit for an event, in characters: longer lines are ignored. */
const MAX_LINE = 1_048_576;

export class Metrics {
  readonly #series = new Map<string, Series>();
  /** Output after the last line end, by process. */
  readonly #rest = new Map<number, string>();

  /** Reads output of the process `pid`. */
  take(chunk: Buffer, pid: number): void {
    const lines = `${this.#rest.get(pid) ?? ''}${chunk.toString()}`.split('\n');
    const rest = lines.pop() ?? '';
    this.#rest.set(pid, rest.length > MAX_LINE ? '' : rest);
    for (const line of lines) if (line.includes('"_aws"')) this.#takeLine(line);
  }

  get series(): Series[] {
    return [...this.#series.values()];
  }

  /** Returns the metrics as a text table. */
  table(): string {
    if (this.#series.size === 0) return 'The function printed no metrics.';
    const rows = this.series
      .toSorted((a, b) => metricKey(a).localeCompare(metricKey(b)))
      .map(series => [metricKey(series), series.unit, ...figures(series)]);
    return aligned([['metric', 'unit', 'count', 'sum', 'p50', 'p95', 'max'], ...rows]);
  }

  #takeLine(text: string): void {
    for (const { Namespace, Dimensions, Metrics: definitions, line } of directivesOf(text)) {
      for (const set of Dimensions) {
        const dimensions = set.map(name => [name, String(line[name])] as const);
        for (const { Name, Unit = 'None' } of definitions) {
          const given = line[Name];
          const values = (Array.isArray(given) ? given : [given]).filter(value => typeof value === 'number');
          this.#add({ namespace: Namespace, dimensions, name: Name, unit: Unit }, values);
        }
      }
    }
  }

  #add(what: Pick<Series, 'namespace' | 'dimensions' | 'name' | 'unit'>, values: readonly number[]): void {
    const key = JSON.stringify([what.namespace, what.dimensions, what.name]);
    const series = this.#series.get(key) ?? { ...what, count: 0, sum: 0, values: [] };
    this.#series.set(key, series);
    for (const value of values) {
      series.count += 1;
      series.sum += value;
      series.values.push(value);
    }
    if (series.values.length > 2 * KEPT_VALUES) series.values = series.values.slice(-KEPT_VALUES);
  }
}

/**
 * Returns the directives of a line. As in CloudWatch, a line that is not of the format, or lacks a field that it refers to, has
 * none.
 */
function directivesOf(text: string): (Directive & { line: Line })[] {
  let line: Line;
  try {
    line = JSON.parse(text) as Line;
  } catch {
    return []; // Not JSON, so not a metric.
  }
  const directives = line._aws?.CloudWatchMetrics;
  if (!Array.isArray(directives)) return [];
  const whole = ({ Dimensions, Metrics }: Directive): boolean =>
    Array.isArray(Dimensions) &&
    Dimensions.every(set => Array.isArray(set) && set.every(name => typeof line[name] === 'string')) &&
    Array.isArray(Metrics);
  return directives.filter(whole).map(directive => ({ ...directive, line }));
}

function metricKey({ namespace, dimensions, name }: Series): string {
  return printable([namespace, ...dimensions.map(([, value]) => value), name].join(' '));
}

function figures({ count, sum, values, unit }: Series): string[] {
  const total = [String(count), number(sum)];
  if (unit === 'Count') return [...total, '', '', ''];
  const sorted = values.toSorted((a, b) => a - b);
  const quantile = (q: number): string =>
    number(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0);
  return [...total, quantile(0.5), quantile(0.95), number(sorted.at(-1) ?? 0)];
}

function number(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)));
  const cell = (text: string, column: number): string =>
    column < 2 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0);
  return rows.map(row => row.map(cell).join('  ').trimEnd()).join('\n');
}
