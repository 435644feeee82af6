/** One deployment in a real account, from a copy of this repository, and the operations of a trial on it. */
import { execFile } from 'node:child_process';
import { appendFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { copySources } from './copy-sources.ts';

const run = promisify(execFile);

export interface Options {
  root: string;
  account: string;
  endpoint: string;
  region: string;
  name: string;
  architecture: string;
  /** Seconds that AWS may take to stop listing deleted resources. */
  wait: number;
}

export class Trial {
  readonly options: Options;
  /** The copy. It contains the state file as long as resources may exist. */
  readonly folder: string;
  #variables: string[];

  constructor(options: Options) {
    this.options = options;
    this.folder = mkdtempSync(join(tmpdir(), 'mcp-trial-'));
    copySources(options.root, this.folder);
    const { name, endpoint, region, architecture } = options;
    this.#variables = [
      `name=${name}`,
      `endpoint=${endpoint}`,
      `region=${region}`,
      `architecture=${architecture}`,
      `tags={mcp-trial="${name}"}`,
    ];
  }

  set(variable: string): void {
    this.#variables.push(variable);
  }

  async terraform(command: string, ...args: string[]): Promise<string> {
    const { stdout } = await run(
      'terraform',
      [`-chdir=${join(this.folder, 'terraform')}`, command, ...args],
      LARGE,
    );
    return stdout;
  }

  async aws(...args: string[]): Promise<string> {
    const { stdout } = await run('aws', [...args, '--region', this.options.region], LARGE);
    return stdout.trim();
  }

  async plan(): Promise<Plan> {
    const file = join(this.folder, 'plan');
    await this.terraform('plan', '-input=false', `-out=${file}`, ...this.#flags());
    return JSON.parse(await this.terraform('show', '-json', file));
  }

  /** `more` are variables of this apply alone. */
  async apply(...more: string[]): Promise<void> {
    await this.terraform('apply', '-auto-approve', '-input=false', ...this.#flags(), ...more.map(flag));
  }

  async destroy(): Promise<void> {
    await this.terraform('destroy', '-auto-approve', '-input=false', ...this.#flags());
  }

  async output(name: string): Promise<string> {
    return (await this.terraform('output', '-raw', name)).trim();
  }

  /** Returns the version that callers reach, from Lambda instead of Terraform's state. */
  async servedVersion(): Promise<string> {
    const { name } = this.options;
    return await this.aws(
      'lambda',
      'get-alias',
      '--function-name',
      name,
      '--name',
      'live',
      '--query',
      'FunctionVersion',
      '--output',
      'text',
    );
  }

  /** Checks the deployment from outside. */
  async doctor(env: Record<string, string>, ...args: string[]): Promise<void> {
    const url = await this.output('mcp_url');
    await run('npm', ['run', '--silent', 'doctor', '--', url, ...args], {
      ...LARGE,
      cwd: this.options.root,
      env: { ...process.env, ...env },
    });
  }

  changeSources(): void {
    appendFileSync(join(this.folder, 'app/routes.ts'), `\n// Trial ${this.options.name}.\n`);
  }

  /** Returns resources that still exist, found by tag and by name. */
  async leftovers(): Promise<string[]> {
    const { name, account } = this.options;
    const found = await Promise.all(
      searches(name, account).map(search => this.aws(...search, '--output', 'json')),
    );
    return [...new Set(found.flatMap(text => (JSON.parse(text || '[]') as string[] | null) ?? []))].sort();
  }

  #flags(): string[] {
    return this.#variables.map(flag);
  }
}

export interface Plan {
  resource_changes?: { address: string; type: string; mode: string; change: { actions: string[] } }[];
  planned_values?: { outputs?: Record<string, { value?: unknown }> };
}

const LARGE = { maxBuffer: 64 * 1024 * 1024 };
const flag = (variable: string): string => `-var=${variable}`;

/** Returns commands of the AWS CLI that list resources with the tag, or whose name starts with that of the trial. */
function searches(name: string, account: string): string[][] {
  const named = (list: string, key: string): string[] => [
    '--query',
    `${list}[?starts_with(${key}, '${name}')].${key}`,
  ];
  const groups = ['/aws/lambda/', '/aws/apigateway/', '/aws/vendedlogs/apigateway/'];
  return [
    [
      'resourcegroupstaggingapi',
      'get-resources',
      '--tag-filters',
      `Key=mcp-trial,Values=${name}`,
      '--query',
      'ResourceTagMappingList[].ResourceARN',
    ],
    ...groups.map(group => [
      'logs',
      'describe-log-groups',
      '--log-group-name-prefix',
      `${group}${name}`,
      '--query',
      'logGroups[].logGroupName',
    ]),
    ['lambda', 'list-functions', ...named('Functions', 'FunctionName')],
    ['iam', 'list-roles', ...named('Roles', 'RoleName')],
    ['ecr', 'describe-repositories', ...named('repositories', 'repositoryName')],
    ['cloudwatch', 'describe-alarms', '--alarm-name-prefix', name, '--query', 'MetricAlarms[].AlarmName'],
    [
      'cloudwatch',
      'list-dashboards',
      '--dashboard-name-prefix',
      name,
      '--query',
      'DashboardEntries[].DashboardName',
    ],
    ['apigateway', 'get-rest-apis', ...named('items', 'name')],
    ['apigatewayv2', 'get-apis', ...named('Items', 'Name')],
    ['sns', 'list-topics', '--query', `Topics[?contains(TopicArn, ':${name}')].TopicArn`],
    ['budgets', 'describe-budgets', '--account-id', account, ...named('Budgets', 'BudgetName')],
  ];
}
