/** The dashboard and alarms of terraform/modules/observability use the metrics that the app writes. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BY_TOOL, METRICS, NAMESPACE } from '../../../../app/framework/telemetry/metrics.ts';
import { ROOT } from '../../../helpers/local-lambda.ts';

const read = (file: string): string =>
  readFileSync(join(ROOT, 'terraform/modules/observability', file), 'utf8');
const names = (text: string): string[] => [...text.matchAll(/"(\w+)"/g)].map(([, name = '']) => name);
const dashboard = read('dashboard.tf');

test('the dashboard of the observability module has every metric of the app, and no other', () => {
  const [, list = ''] = /app\s+= \{ for name in \[(.*?)\]/.exec(dashboard) ?? [];
  expect(names(list).sort()).toEqual(Object.keys(METRICS).sort());
  for (const name of names(list)) expect(dashboard).toContain(`local.app.${name}`);
});

test('the metrics that the dashboard shows by tool are those that the app writes by tool', () => {
  const [, list = ''] = /by_tool = \{ for name in \[(.*?)\]/.exec(dashboard) ?? [];
  expect(names(list).sort()).toEqual([...BY_TOOL].sort());
});

test('alarms of the observability module use metrics that the app writes', () => {
  const alarms = read('alarms.tf');
  const simple = [...alarms.matchAll(/namespace\s+= local\.namespace\n\s+metric_name = "(\w+)"/g)];
  const [, queried = ''] = /for_each = \{ calls = (.*?) \}/.exec(alarms) ?? [];
  const watched = [...simple.map(([, name = '']) => name), ...names(queried)];
  expect(watched.length).toBeGreaterThanOrEqual(2);
  for (const name of [...watched, ...names(`"Calls" ${queried}`)])
    expect(Object.keys(METRICS)).toContain(name);
});

test('the observability module uses the metric namespace of the app', () => {
  expect(read('main.tf')).toContain(`namespace = "${NAMESPACE}"`);
});

test('the README of the observability module describes every alarm, metric and query', () => {
  const readme = read('README.md');
  const [, list = ''] = /simple_alarms = \{([\s\S]*?)\n {2}\}\n\}/.exec(read('alarms.tf')) ?? [];
  const alarms = [...list.matchAll(/^ {4}(\w+) = \{$/gm)].map(([, name = '']) => name);
  expect(alarms.length).toBe(4);
  for (const name of [...alarms, 'error-rate']) expect(readme).toContain(`| \`${name}\` |`);
  for (const name of Object.keys(METRICS)) expect(readme).toContain(`\`${name}\``);
  const queries = [...read('queries.tf').matchAll(/^ {4}([\w-]+)\s+= <<-EOT/gm)].map(([, name = '']) => name);
  expect(queries.length).toBe(6);
  for (const name of queries) expect(readme).toContain(`\`${name}\``);
  expect(globSync('terraform/modules/observability/*.tf', { cwd: ROOT }).length).toBeGreaterThan(5);
});
