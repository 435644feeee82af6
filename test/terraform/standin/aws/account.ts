/**
 * An AWS account, as far as this project's resources can tell: what exists, what depends on what, and the refusals that
 * order and completeness of a configuration are judged by. Images live in the registry that the stand-ins for `docker`
 * and `aws` push to and look into.
 */
import type { Machine } from '../../../publish-image/standin/machine.ts';
import { ProviderError } from '../behaviour.ts';
import type { Attributes } from '../values.ts';

export class Account {
  readonly machine: Machine;
  /** Of Lambda's concurrency, Service Quotas tells it. */
  concurrencyQuota = 1000;
  readonly #resources = new Map<string, Attributes>();
  /** `function:alias` → statement ids of its resource policy. */
  readonly #statements = new Map<string, Set<string>>();

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

  addStatement(target: string, id: string): void {
    const ids = this.#statements.get(target) ?? new Set();
    if (ids.has(id))
      refuse(
        `ResourceConflictException: The statement id (${id}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
      );
    this.#statements.set(target, ids.add(id));
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
