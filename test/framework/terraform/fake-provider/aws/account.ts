/**
 * An AWS account in one region, with the features that this project's resources use: what exists, what depends on what, and what
 * AWS rejects. Images are in the registry that the fake `docker` and `aws` commands use.
 */
import { setTimeout } from 'node:timers/promises';
import { ACCOUNT, type Machine, REGION } from '../../publish-image/fake/machine.ts';
import { ProviderError } from '../behaviour.ts';
import type { Attributes } from '../values.ts';

/** Types whose names are unique in the account across regions. */
const GLOBAL = /^aws_(budgets|cloudfront|iam|route53)_|^aws_cloudwatch_dashboard$/;

/** Type of the statements in a function's policy, which belong to a region. */
const POLICY = 'aws_lambda_permission';

/** Types that belong to an alias of a function, named `function:alias`. */
const OF_ALIAS = [
  POLICY,
  'aws_lambda_alias',
  'aws_lambda_function_event_invoke_config',
  'aws_lambda_function_url',
  'aws_lambda_provisioned_concurrency_config',
];

/** The state that all regions of an account share. */
class Store {
  readonly resources = new Map<string, Attributes>();
  /** Changes outside Terraform since it last wrote the resource. */
  readonly drift = new Map<string, Attributes>();
  /** Statement IDs of the resource policy, by `function:alias`. */
  readonly statements = new Map<string, Set<string>>();
  /** Targets whose policy is currently being changed. */
  readonly changing = new Set<string>();
  /** Log groups that AWS created and that destroy does not remove. */
  readonly leftBehind = new Set<string>();
  /** By deployment of a REST API, the API's attributes at that time. */
  readonly snapshots = new Map<string, Attributes>();
  /** The operations of Terraform, by resource type or data.TYPE. */
  readonly operations = new Map<string, Set<string>>();
  /** The write-only values by SSM parameter, which are not in Terraform's state or the journal. */
  readonly secrets = new Map<string, string>();
  partition = { partition: 'aws', dns_suffix: 'amazonaws.com' };
  concurrencyQuota = 1000;
  logRole = false;
  logPolicyFull = false;
  latency: Readonly<Record<string, number>> = {};
}

/** Faults of the account, by resource type. */
export interface Misbehaviour {
  /** The type still exists after Terraform deleted it. */
  stays?: string;
  /** The description of the type changes, so that every plan has a difference. */
  drifts?: string;
  /** The type accepts an update without effect. */
  ignoresUpdates?: string;
  /** Whether aliases accept a lower version, but stay at the newest. */
  ignoresRollbacks?: true;
}

export class Account {
  misbehaviour: Misbehaviour = {};
  readonly machine: Machine;
  readonly region: string;
  readonly #store: Store;

  constructor(machine: Machine, region = REGION, store = new Store()) {
    this.machine = machine;
    this.region = region;
    this.#store = store;
  }

  /** The same account in another region. */
  in(region: string): Account {
    return region === this.region ? this : new Account(this.machine, region, this.#store);
  }

  /** Partition and DNS suffix; those of the commercial regions by default. */
  get partition(): Store['partition'] {
    return this.#store.partition;
  }

  set partition(value: Store['partition']) {
    this.#store.partition = value;
  }

  /** Lambda's concurrency, as Service Quotas reports it. */
  get concurrencyQuota(): number {
    return this.#store.concurrencyQuota;
  }

  set concurrencyQuota(value: number) {
    this.#store.concurrencyQuota = value;
  }

  /** Whether the account has a role for the logs of REST APIs that this configuration did not create. */
  get logRole(): boolean {
    return this.#store.logRole;
  }

  set logRole(value: boolean) {
    this.#store.logRole = value;
  }

  /** Whether the resource policy of CloudWatch Logs has no space for log groups outside /aws/vendedlogs/. */
  get logPolicyFull(): boolean {
    return this.#store.logPolicyFull;
  }

  set logPolicyFull(value: boolean) {
    this.#store.logPolicyFull = value;
  }

  /** Duration of the creation in ms, by resource type: a resource that does not wait for it is created too early. */
  set latency(value: Readonly<Record<string, number>>) {
    this.#store.latency = value;
  }

  /** The operations of Terraform (create, read, update, delete), by resource type or data.TYPE. */
  get operations(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#store.operations;
  }

  /** Records an operation of Terraform. */
  note(type: string, operation: 'create' | 'read' | 'update' | 'delete'): void {
    this.#store.operations.set(type, new Set([...(this.#store.operations.get(type) ?? []), operation]));
  }

  /** Log groups that AWS created and that destroy does not remove. */
  get leftBehind(): Set<string> {
    return this.#store.leftBehind;
  }

  /** By deployment of a REST API, the API's attributes at that time. */
  get snapshots(): Map<string, Attributes> {
    return this.#store.snapshots;
  }

  /** The write-only values, by SSM parameter. */
  get secrets(): Map<string, string> {
    return this.#store.secrets;
  }

  arn(service: string, resource: string, region = this.region): string {
    return `arn:${this.partition.partition}:${service}:${region}:${ACCOUNT}:${resource}`;
  }

  get(type: string, name: string): Attributes | undefined {
    return this.#store.resources.get(this.#key(type, name));
  }

  /** Returns a resource. Throws `refusal` if it does not exist. */
  need(type: string, name: string, refusal: string): Attributes {
    return this.get(type, name) ?? refuse(refusal);
  }

  /** Returns every resource of a type, in all regions. */
  all(type: string): Attributes[] {
    const entries = [...this.#store.resources].filter(([key]) => key.startsWith(`${type} `));
    return entries.map(([, attributes]) => attributes);
  }

  put(type: string, name: string, attributes: Attributes): void {
    const action = this.get(type, name) ? 'update' : 'create';
    const key = this.#key(type, name);
    this.#store.resources.set(key, attributes);
    this.#store.drift.delete(key);
    this.machine.record({ action, type, name: this.#label(type, name), attributes });
  }

  remove(type: string, name: string): void {
    this.#store.resources.delete(this.#key(type, name));
    this.#store.drift.delete(this.#key(type, name));
    this.machine.record({ action: 'delete', type, name: this.#label(type, name) });
  }

  /** Changes a resource outside Terraform, which reads the change in a refresh. */
  change(type: string, name: string, changes: Attributes): void {
    const existing = this.need(type, name, `There is no ${type} ${name}`);
    const key = this.#key(type, name);
    this.#store.resources.set(key, { ...existing, ...changes });
    this.#store.drift.set(key, { ...this.#store.drift.get(key), ...changes });
  }

  /** Returns what Terraform reads of a resource, given its state; null if the resource does not exist. */
  read(type: string, name: string, state: Attributes): Attributes | null {
    const drift = this.misbehaviour.drifts === type ? { description: 'Changed by itself' } : {};
    return this.get(type, name)
      ? { ...state, ...drift, ...this.#store.drift.get(this.#key(type, name)) }
      : null;
  }

  async took(type: string): Promise<void> {
    await setTimeout(this.#store.latency[type] ?? 0);
  }

  /** Changes a policy. Like Lambda, it accepts one change of a policy at a time. */
  async addStatements(type: string, target: string, ...added: string[]): Promise<void> {
    const { statements, changing } = this.#store;
    const key = this.#label(type, target);
    const ids = statements.get(key) ?? new Set();
    const [taken] = added.filter(id => ids.has(id));
    if (taken) {
      refuse(
        `ResourceConflictException: The statement id (${taken}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
      );
    }
    if (changing.has(key))
      refuse('ResourceConflictException: The function policy is being changed by another request.');
    changing.add(key);
    await this.took(type);
    changing.delete(key);
    statements.set(key, new Set([...ids, ...added]));
  }

  removeStatement(target: string, id: string): void {
    this.#store.statements.get(this.#label(POLICY, target))?.delete(id);
  }

  /** Deletes the policy of an alias, including statements of other resources. */
  dropStatements(target: string): void {
    this.#store.statements.delete(this.#label(POLICY, target));
  }

  /** Deletes the aliases of a function and their resources, as AWS does when the function is deleted. */
  dropAliases(functionName: string): void {
    const { resources, statements } = this.#store;
    for (const type of OF_ALIAS)
      for (const key of resources.keys())
        if (key.startsWith(this.#key(type, `${functionName}:`))) resources.delete(key);
    for (const key of statements.keys())
      if (key.startsWith(this.#label(POLICY, `${functionName}:`))) statements.delete(key);
  }

  statements(target: string): string[] {
    return [...(this.#store.statements.get(this.#label(POLICY, target)) ?? [])].sort();
  }

  /** Returns every resource, in all regions. */
  inventory(): string[] {
    return [...this.#store.resources.keys(), ...this.#store.statements.keys()].sort();
  }

  /** Returns a key that is unique in the account. Resources of the default region have their name only. */
  #key(type: string, name: string): string {
    return `${type} ${this.#label(type, name)}`;
  }

  #label(type: string, name: string): string {
    return GLOBAL.test(type) || this.region === REGION ? name : `${this.region} ${name}`;
  }
}

export function refuse(message: string): never {
  throw new ProviderError(message);
}
