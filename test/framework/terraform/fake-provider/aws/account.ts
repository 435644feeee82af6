/**
 * An AWS account, as far as this project's resources can tell: what exists, what depends on what, and the refusals that
 * order and completeness of a configuration are judged by. Images live in the registry that the stand-ins for `docker`
 * and `aws` push to and look into.
 */
import { setTimeout } from 'node:timers/promises';
import type { Machine } from '../../publish-image/fake/machine.ts';
import { ProviderError } from '../behaviour.ts';
import type { Attributes } from '../values.ts';

export class Account {
  readonly machine: Machine;
  /** Of Lambda's concurrency, Service Quotas tells it. */
  concurrencyQuota = 1000;
  /** Whether the account has a role for the logs of REST APIs that nobody here has set. */
  logRole = false;
  /** Resource type → how long its creation takes, in ms: what does not wait for it then comes too early. */
  latency: Readonly<Record<string, number>> = {};
  readonly #resources = new Map<string, Attributes>();
  /** `function:alias` → statement ids of its resource policy. */
  readonly #statements = new Map<string, Set<string>>();
  /** Targets whose policy is being changed. */
  readonly #changing = new Set<string>();

  constructor(machine: Machine) {
    this.machine = machine;
  }

  get(type: string, name: string): Attributes | undefined {
    return this.#resources.get(`${type} ${name}`);
  }

  /** What a resource needs to be there before it. */
  need(type: string, name: string, refusal: string): Attributes {
    return this.get(type, name) ?? refuse(refusal);
  }

  all(type: string): Attributes[] {
    const entries = [...this.#resources].filter(([key]) => key.startsWith(`${type} `));
    return entries.map(([, attributes]) => attributes);
  }

  put(type: string, name: string, attributes: Attributes): void {
    const action = this.get(type, name) ? 'update' : 'create';
    this.#resources.set(`${type} ${name}`, attributes);
    this.machine.record({ action, type, name, attributes });
  }

  remove(type: string, name: string): void {
    this.#resources.delete(`${type} ${name}`);
    this.machine.record({ action: 'delete', type, name });
  }

  async took(type: string): Promise<void> {
    await setTimeout(this.latency[type] ?? 0);
  }

  /** Lambda takes one change of a policy at a time. */
  async addStatements(type: string, target: string, ...added: string[]): Promise<void> {
    const ids = this.#statements.get(target) ?? new Set();
    const [taken] = added.filter(id => ids.has(id));
    if (taken) {
      refuse(
        `ResourceConflictException: The statement id (${taken}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
      );
    }
    if (this.#changing.has(target))
      refuse('ResourceConflictException: The function policy is being changed by another request.');
    this.#changing.add(target);
    await this.took(type);
    this.#changing.delete(target);
    this.#statements.set(target, new Set([...ids, ...added]));
  }

  removeStatement(target: string, id: string): void {
    this.#statements.get(target)?.delete(id);
  }

  /** With the alias goes its policy, whoever wrote it. */
  dropStatements(target: string): void {
    this.#statements.delete(target);
  }

  statements(target: string): string[] {
    return [...(this.#statements.get(target) ?? [])].sort();
  }

  /** Everything that exists, for a look at what is left. */
  inventory(): string[] {
    return [...this.#resources.keys(), ...this.#statements.keys()].sort();
  }
}

export function refuse(message: string): never {
  throw new ProviderError(message);
}
