/**
 * The metrics of a call, in CloudWatch's embedded metric format: they are part of the request's log line, so they need no API call.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 *
 * CloudWatch charges $0.30 per month for each metric, for the hours in which it is written. So rare metrics are written only when
 * they occur, and only three metrics have the dimension Tool. terraform/modules/observability uses these names.
 */
import type { Outcome } from './outcome.ts';

export const NAMESPACE = 'McpOnLambda';

/** Name → unit. */
export const METRICS = {
  /** All requests. */
  Calls: 'Count',
  /** Time to the last byte, of requests that were not refused. */
  Duration: 'Milliseconds',
  /** Outcomes tool_error, failed, aborted. */
  Errors: 'Count',
  /** Outcome protocol_error. */
  ProtocolErrors: 'Count',
  /** Outcome refused. */
  Refusals: 'Count',
  /** Outcome aborted. */
  Aborted: 'Count',
  /** First request of an execution environment. */
  ColdStarts: 'Count',
  /** Bytes of responses that were event streams. */
  StreamedBytes: 'Bytes',
} as const;

export type MetricName = keyof typeof METRICS;

/** Metrics with the dimension Tool. */
export const BY_TOOL: readonly MetricName[] = ['Calls', 'Duration', 'Errors'];

export interface Measured {
  outcome: Outcome;
  /** Milliseconds. */
  duration: number;
  cold: boolean;
  streamedBytes: number;
  functionName: string;
  /** Undefined if no tool was called. */
  tool: string | undefined;
}

const ERRORS: ReadonlySet<Outcome> = new Set(['tool_error', 'failed', 'aborted']);
const definition = (name: MetricName) => ({ Name: name, Unit: METRICS[name] });

/** Returns the members of the log line that CloudWatch extracts as metrics. */
export function metricsOf({ outcome, duration, cold, streamedBytes, functionName, tool }: Measured): string {
  const values: Partial<Record<MetricName, number>> = { Calls: 1 };
  if (outcome !== 'refused') values.Duration = duration;
  if (ERRORS.has(outcome)) values.Errors = 1;
  if (outcome === 'protocol_error') values.ProtocolErrors = 1;
  if (outcome === 'refused') values.Refusals = 1;
  if (outcome === 'aborted') values.Aborted = 1;
  if (cold) values.ColdStarts = 1;
  if (streamedBytes > 0) values.StreamedBytes = streamedBytes;
  const defined = directives(Object.keys(values) as MetricName[], tool !== undefined);
  const metricFields = JSON.stringify({ Function: functionName, Tool: tool, ...values }).slice(1, -1);
  return `"_aws":{"Timestamp":${Date.now()},"CloudWatchMetrics":${defined}},${metricFields}`;
}

/** Directives as JSON, cached per combination: there are few combinations, and the JSON is most of the line. */
const DIRECTIVES = new Map<string, string>();

function directives(names: readonly MetricName[], byTool: boolean): string {
  const key = `${byTool} ${names}`;
  const known = DIRECTIVES.get(key);
  if (known !== undefined) return known;
  const of = (dimensions: string[], metrics: readonly MetricName[]) => ({
    Namespace: NAMESPACE,
    Dimensions: [dimensions],
    Metrics: metrics.map(definition),
  });
  const made = [of(['Function'], names)];
  if (byTool)
    made.push(
      of(
        ['Function', 'Tool'],
        names.filter(name => BY_TOOL.includes(name)),
      ),
    );
  const text = JSON.stringify(made);
  DIRECTIVES.set(key, text);
  return text;
}
