/** The observability resources of an apply: a topic, alarms that notify it, a budget, and the maximum monthly cost as a sentence. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Deployment } from './helpers/deployment.ts';
import { describeTerraform, Terraform } from './helpers/terraform.ts';

let terraform: Terraform;
let deployment: Deployment;
beforeAll(async () => {
  terraform = await Terraform.start();
  deployment = new Deployment(terraform);
});
afterAll(() => terraform?.[Symbol.dispose]());

const all = (type: string) => terraform.account.all(type);

describeTerraform('observability', () => {
  test('creates alarms, queries, a budget and a topic without a subscriber by default', async () => {
    await deployment.init();
    await deployment.apply('reserved_concurrency=10', 'memory_size=512');
    const [topic] = all('aws_sns_topic');
    expect(all('aws_cloudwatch_metric_alarm').map(({ alarm_name }) => alarm_name)).toEqual(
      expect.arrayContaining(['mcp-crashes', 'mcp-error-rate', 'mcp-refusals', 'mcp-slow', 'mcp-throttles']),
    );
    for (const alarm of all('aws_cloudwatch_metric_alarm'))
      expect(alarm).toMatchObject({ alarm_actions: [topic?.arn], treat_missing_data: 'notBreaching' });
    expect(all('aws_sns_topic_subscription')).toEqual([]);
    expect(all('aws_budgets_budget')).toMatchObject([{ limit_amount: '20', time_unit: 'MONTHLY' }]);
    expect(all('aws_cloudwatch_query_definition')).toHaveLength(6);
    for (const { query_string } of all('aws_cloudwatch_query_definition'))
      expect(query_string).toMatch(/^(filter|#)/);
  });

  test('has the maximum monthly cost and its parts as an output', async () => {
    const sentence = await deployment.output('max_monthly_cost');
    const seconds = 31 * 24 * 3600;
    const compute = 10 * seconds * 0.5 * 0.0000133334;
    const requests = 10 * 10 * seconds * 0.0000002;
    const logs = (10 * 10 * seconds * 2400 * 0.5) / 1e9;
    const dollars = (amount: number): string => `$${amount.toFixed(0)}`;
    expect(sentence).toContain(`about ${dollars(compute + requests + logs)}:`);
    for (const part of [compute, requests, logs]) expect(sentence).toContain(`(${dollars(part)})`);
  });

  test('has a dashboard whose widgets have different positions and show metrics', () => {
    const [{ dashboard_body } = {}] = all('aws_cloudwatch_dashboard');
    const { widgets } = JSON.parse(String(dashboard_body)) as {
      widgets: { x: number; y: number; properties: { title: string; metrics: unknown[][] } }[];
    };
    expect(new Set(widgets.map(({ x, y }) => `${x},${y}`)).size).toBe(widgets.length);
    for (const { properties } of widgets)
      expect(properties.metrics.length, properties.title).toBeGreaterThan(0);
    expect(String(dashboard_body)).toContain('"Calls"');
  });

  test('subscribes a given e-mail address, and can be disabled', async () => {
    const given = ['reserved_concurrency=10', 'memory_size=512'];
    const changes = await deployment.changes(...given, 'observability={email="me@example.com"}');
    expect(Object.values(changes)).toEqual([['create']]);
    expect(Object.keys(changes)[0]).toContain('aws_sns_topic_subscription.email');
    const less = await deployment.changes(...given, 'observability={enabled=false}');
    expect(Object.entries(less).every(([name]) => name.startsWith('module.observability'))).toBe(true);
    expect(Object.keys(less).length).toBeGreaterThan(10);
  });

  test('warns if the log level removes the metrics', async () => {
    const { stdout } = await terraform.run(deployment.folder, 'plan', '-var=log_level=WARN');
    expect(stdout.replaceAll(/[\s│╷╵]+/g, ' ')).toContain('drops the log lines of requests');
  });

  test('creates only resources that destroy removes', async () => {
    await deployment.destroy();
    for (const type of ['aws_sns_topic', 'aws_cloudwatch_metric_alarm', 'aws_cloudwatch_dashboard'])
      expect(all(type), type).toEqual([]);
  });
});
