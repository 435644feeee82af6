/** A copy of this repository with a configuration, and operations on its deployment. */
import { cpSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { copySources, isSource } from '../../../../scripts/test-account/copy-sources.ts';
import { ROOT } from '../../../helpers/local-lambda.ts';
import type { Terraform } from './terraform.ts';

type Action = 'create' | 'read' | 'update' | 'delete';

interface Plan {
  resource_changes?: {
    address: string;
    mode: 'managed' | 'data';
    change: { actions: (Action | 'no-op')[] };
  }[];
}

export class Deployment {
  readonly root: string;
  /** Folder of the configuration. */
  readonly folder: string;
  readonly terraform: Terraform;
  readonly #always: readonly string[];

  /**
   * `configuration` is a folder in terraform/, or empty for the root module itself; `always` has variables for every command.
   */
  constructor(terraform: Terraform, configuration = '', always: readonly string[] = []) {
    this.terraform = terraform;
    this.#always = always;
    this.root = mkdtempSync(join(terraform.machine.folder, 'repository-'));
    copySources(ROOT, this.root);
    this.folder = join(this.root, 'terraform', configuration);
  }

  /** Creates a deployment of test/framework/terraform/fixtures, copied next to the examples: the root module is `../..`. */
  static ofFixture(terraform: Terraform, name: string, always: readonly string[] = []): Deployment {
    const deployment = new Deployment(terraform, `fixtures/${name}`, always);
    const source = join(ROOT, 'test/framework/terraform/fixtures', name);
    cpSync(source, deployment.folder, { recursive: true, filter: isSource });
    return deployment;
  }

  async init(): Promise<void> {
    await this.terraform.succeed(this.folder, 'init');
  }

  async apply(...variables: string[]): Promise<void> {
    await this.terraform.succeed(this.folder, 'apply', '-auto-approve', ...this.flags(variables));
  }

  /** Returns the actions of a plan on managed resources, by address. */
  async changes(...variables: string[]): Promise<Record<string, Action[]>> {
    const file = join(this.root, 'plan');
    await this.terraform.succeed(this.folder, 'plan', `-out=${file}`, ...this.flags(variables));
    const { stdout } = await this.terraform.succeed(this.folder, 'show', '-json', file);
    const { resource_changes = [] }: Plan = JSON.parse(stdout);
    const entries = resource_changes
      .filter(({ mode, change }) => mode === 'managed' && !change.actions.includes('no-op'))
      .map(({ address, change }) => [address, change.actions as Action[]] as const);
    return Object.fromEntries(entries);
  }

  /** Returns the exit code of a plan; 0 if it is empty, including outputs. */
  async pending(...variables: string[]): Promise<number | null> {
    const { status } = await this.terraform.run(
      this.folder,
      'plan',
      '-detailed-exitcode',
      ...this.flags(variables),
    );
    return status;
  }

  async outputs(): Promise<Record<string, { value: unknown; sensitive: boolean }>> {
    const { stdout } = await this.terraform.succeed(this.folder, 'output', '-json');
    return JSON.parse(stdout);
  }

  async output(name: string): Promise<string> {
    const { stdout } = await this.terraform.succeed(this.folder, 'output', '-raw', name);
    return stdout;
  }

  async destroy(...variables: string[]): Promise<void> {
    await this.terraform.succeed(this.folder, 'destroy', '-auto-approve', ...this.flags(variables));
  }

  /** Returns `-var=name=value` flags, after those for every command. */
  flags(variables: readonly string[] = []): string[] {
    return [...this.#always, ...variables].map(variable => `-var=${variable}`);
  }
}
