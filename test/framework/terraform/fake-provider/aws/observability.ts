/** CloudWatch, SNS and Budgets, with the features that terraform/modules/observability uses. */
import type { Attributes } from '../values.ts';
import { type Account, refuse } from './account.ts';
import { type Resource, text } from './resource.ts';

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html */
const dashboard: Resource = {
  name: attributes => text(attributes, 'dashboard_name'),
  create(account, attributes) {
    const { widgets } = JSON.parse(text(attributes, 'dashboard_body')) as { widgets?: { type?: string }[] };
    if (!widgets?.length || widgets.some(({ type }) => type !== 'metric'))
      refuse('InvalidParameterInput: The dashboard body is invalid');
    const name = text(attributes, 'dashboard_name');
    return { id: name, dashboard_arn: account.arn('cloudwatch', `dashboard/${name}`, '') };
  },
};

const alarm: Resource = {
  name: attributes => text(attributes, 'alarm_name'),
  create(account, attributes) {
    const name = text(attributes, 'alarm_name');
    const hasMetric = Boolean(attributes.metric_name);
    const queries = (attributes.metric_query ?? []) as Attributes[];
    if (hasMetric === queries.length > 0)
      refuse('ValidationError: Exactly one of MetricName and Metrics must be specified');
    if (!hasMetric && queries.filter(({ return_data }) => return_data === true).length !== 1)
      refuse('ValidationError: Exactly one element of the metrics list should return data.');
    for (const action of (attributes.alarm_actions ?? []) as string[]) needTopic(account, action);
    return { id: name, arn: account.arn('cloudwatch', `alarm:${name}`) };
  },
};

function needTopic(account: Account, topicArn: string): void {
  const name = topicArn.split(':').at(-1) ?? '';
  account.need('aws_sns_topic', name, `NotFound: Topic does not exist: ${topicArn}`);
}

const topic: Resource = {
  name: attributes => text(attributes, 'name'),
  create: (account, { name = null }) => ({
    id: account.arn('sns', `${name}`),
    arn: account.arn('sns', `${name}`),
  }),
};

const ofTopic = (key: 'arn' | 'topic_arn', more: Attributes = {}): Resource => ({
  name: attributes => `${attributes[key]} ${attributes.endpoint ?? ''}`.trim(),
  create(account, attributes) {
    needTopic(account, text(attributes, key));
    return { id: text(attributes, key), ...more };
  },
});

const ofLogGroup: Resource = {
  name: attributes => text(attributes, 'name'),
  create(account, attributes) {
    const group = text(attributes, 'log_group_name');
    account.need('aws_cloudwatch_log_group', group, `ResourceNotFoundException: ${group}`);
    return { id: text(attributes, 'name') };
  },
};

/** A comparison inside a function call, which is not documented: functions accept fields and expressions of fields. */
const COMPARISON_IN_FUNCTION = /\b(sum|avg|min|max|count|pct)\([^)]*[=<>]/;

const query: Resource = {
  name: attributes => text(attributes, 'name'),
  create(account, attributes) {
    const name = text(attributes, 'name');
    if (COMPARISON_IN_FUNCTION.test(text(attributes, 'query_string')))
      refuse(`MalformedQueryException: a comparison within a function, in ${name}`);
    return { id: name, query_definition_id: `${account.region}-${name}` };
  },
};

const budget: Resource = {
  name: attributes => text(attributes, 'name'),
  create(account, attributes) {
    const { partition, dns_suffix } = account.partition;
    if (partition !== 'aws') refuse(`RequestError: dial tcp: lookup budgets.${dns_suffix}: no such host`);
    for (const { subscriber_sns_topic_arns: topics } of (attributes.notification ?? []) as Attributes[])
      for (const topicArn of (topics ?? []) as string[]) needTopic(account, topicArn);
    return { id: text(attributes, 'name'), arn: account.arn('budgets', `budget/${attributes.name}`, '') };
  },
};

export const OBSERVABILITY: Readonly<Record<string, Resource>> = {
  aws_budgets_budget: budget,
  aws_cloudwatch_dashboard: dashboard,
  aws_cloudwatch_log_metric_filter: ofLogGroup,
  aws_cloudwatch_metric_alarm: alarm,
  aws_cloudwatch_query_definition: query,
  aws_sns_topic: topic,
  aws_sns_topic_policy: ofTopic('arn'),
  aws_sns_topic_subscription: ofTopic('topic_arn', { confirmation_was_authenticated: false }),
};

/** Attributes whose change replaces the resource. */
export const OBSERVABILITY_REPLACED_BY = {
  aws_budgets_budget: ['name', 'budget_type'],
  aws_cloudwatch_dashboard: ['dashboard_name', 'region'],
  aws_cloudwatch_log_metric_filter: ['name', 'log_group_name', 'region'],
  aws_cloudwatch_metric_alarm: ['alarm_name', 'region'],
  aws_cloudwatch_query_definition: ['region'],
  aws_sns_topic: ['name', 'region'],
  aws_sns_topic_policy: ['arn', 'region'],
  aws_sns_topic_subscription: ['topic_arn', 'protocol', 'endpoint', 'region'],
};
