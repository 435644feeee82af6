/**
 * Runs the real `terraform`, or the program in the variable TERRAFORM, with fake providers: AWS is an {@link Account} in this process.
 * It does not write into the source tree, downloads nothing, and has no access to credentials or container engines of this machine.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ROOT } from '../../../helpers/local-lambda.ts';
import { describeWith, type Found } from '../../../helpers/skipped-suites.ts';
import { Account } from '../fake-provider/aws/account.ts';
import { awsBehaviour } from '../fake-provider/aws/behaviour.ts';
import { providerCalls } from '../fake-provider/provider.ts';
import { randomBehaviour } from '../fake-provider/random.ts';
import { readSchema } from '../fake-provider/schema.ts';
import { type Attached, attach } from '../fake-provider/server.ts';
import { Machine, REGION } from '../publish-image/fake/machine.ts';

export const CONFIGURATION = join(ROOT, 'terraform');

const NAME = process.env.TERRAFORM || 'terraform';
/** Absolute path of the program. */
const PROGRAM = find();

function find(): Found<string> {
  try {
    return { found: execFileSync('sh', ['-c', 'command -v "$0"', NAME], { encoding: 'utf8' }).trim() };
  } catch {
    return {
      missing: `${NAME} is not on PATH. Install it (https://developer.hashicorp.com/terraform/install), then: npm run test:terraform`,
    };
  }
}

/** `describe` for tests that need Terraform; passes its path. */
export const describeTerraform = describeWith(PROGRAM);

export interface Result {
  status: number | null;
  stdout: string;
  /** Both streams, stderr last, without the line breaks for a terminal. */
  output: string;
}

export class Terraform {
  readonly machine: Machine;
  readonly account: Account;
  readonly #attached: Attached;

  private constructor(machine: Machine, account: Account, attached: Attached) {
    this.machine = machine;
    this.account = account;
    this.#attached = attached;
  }

  static async start(): Promise<Terraform> {
    const machine = Machine.create(['aws', 'docker']);
    const account = new Account(machine);
    const attached = await attach({
      'hashicorp/aws': providerCalls(readSchema('aws'), awsBehaviour(account)),
      'hashicorp/random': providerCalls(readSchema('random'), randomBehaviour),
    });
    writeFileSync(join(machine.folder, 'terraform.rc'), '');
    if ('found' in PROGRAM) symlinkSync(PROGRAM.found, join(machine.bin, 'terraform'));
    return new Terraform(machine, account, attached);
  }

  /** Runs a command in a folder and returns its result. */
  run(folder: string, ...args: string[]): Promise<Result> {
    return this.shell(folder, 'exec terraform "$@"', args);
  }

  /** Runs a shell script in a folder; `terraform` and the fake commands are on PATH. */
  async shell(
    folder: string,
    script: string,
    args: readonly string[] = [],
    env: Record<string, string> = {},
  ): Promise<Result> {
    const child = spawn(join(this.machine.bin, 'bash'), ['-euo', 'pipefail', '-c', script, 'bash', ...args], {
      cwd: folder,
      env: { ...this.#environment(folder), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr, status] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      ended(child),
    ]);
    return { status, stdout, output: unwrap(stdout + stderr) };
  }

  /** Runs a command. Throws if it fails. */
  async succeed(folder: string, ...args: string[]): Promise<Result> {
    const result = await this.run(folder, ...args);
    if (result.status !== 0) throw new Error(`terraform ${args.join(' ')} in ${folder}:\n${result.output}`);
    return result;
  }

  #environment(folder: string): Record<string, string> {
    const data = createHash('sha1').update(folder).digest('hex');
    return {
      PATH: this.machine.bin,
      HOME: this.machine.folder,
      AWS_REGION: REGION,
      CHECKPOINT_DISABLE: '1',
      TF_CLI_CONFIG_FILE: join(this.machine.folder, 'terraform.rc'),
      TF_DATA_DIR: join(this.machine.folder, `data-${data}`),
      TF_IN_AUTOMATION: '1',
      TF_CLI_ARGS: '-no-color',
      TF_INPUT: '0',
      TF_REATTACH_PROVIDERS: this.#attached.reattach,
    };
  }

  [Symbol.dispose](): void {
    this.#attached.close();
    this.machine[Symbol.dispose]();
  }
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
}

/** Removes the frames and line breaks of Terraform's messages. */
function unwrap(printed: string): string {
  return printed.replace(/^[│╷╵] ?/gm, '').replace(/(\S)\n(?=\S)/g, '$1 ');
}
