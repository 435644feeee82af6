/** The configuration used from another repository with a git source, as in terraform/README.md and the examples. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Deployment } from './helpers/deployment.ts';
import { CONFIGURATION, describeTerraform, Terraform } from './helpers/terraform.ts';

const SOURCE = 'git::https://github.com/OWNER/mcp-on-lambda.git//terraform?ref=v0.2.0';

let terraform: Terraform;
/** Creates a git source with the same content. */
let source: string;
beforeEach(async () => {
  terraform = await Terraform.start();
  // git consists of several programs, which need this machine's PATH.
  const git = join(terraform.machine.bin, 'git');
  writeFileSync(git, `#!/bin/sh\nPATH='${process.env.PATH}' exec git "$@"\n`, { mode: 0o755 });
  const { root } = new Deployment(terraform);
  const run = (...args: string[]): unknown =>
    execFileSync(git, ['-c', 'user.name=test', '-c', 'user.email=test@example.com', ...args], { cwd: root });
  run('init', '--quiet');
  run('add', '--all');
  run('commit', '--quiet', '--message', 'A release');
  run('tag', 'v0.2.0');
  source = `git::file://${root}//terraform?ref=v0.2.0`;
});
afterEach(() => terraform?.[Symbol.dispose]());

/** Applies a configuration, expects an empty plan, and destroys it. */
async function live(folder: string): Promise<void> {
  await terraform.succeed(folder, 'init');
  await terraform.succeed(folder, 'apply', '-auto-approve');
  expect(await terraform.run(folder, 'plan', '-detailed-exitcode')).toMatchObject({ status: 0 });
  expect(terraform.account.get('aws_lambda_function', 'weather')).toBeDefined();
  await terraform.succeed(folder, 'destroy', '-auto-approve');
  expect(terraform.account.inventory()).toEqual([]);
}

describeTerraform('a configuration in another repository', () => {
  test('deploys its own sources with the block in terraform/README.md', async () => {
    const readme = readFileSync(join(CONFIGURATION, 'README.md'), 'utf8');
    const [, block = ''] = /```hcl\n(provider "aws"[\s\S]*?)```/.exec(readme) ?? [];
    expect(block).toContain(SOURCE);
    const root = mkdtempSync(join(terraform.machine.folder, 'elsewhere-'));
    mkdirSync(join(root, 'infrastructure'));
    writeFileSync(join(root, 'Dockerfile'), 'FROM scratch\n');
    writeFileSync(join(root, 'infrastructure/main.tf'), block.replace(SOURCE, source));
    await live(join(root, 'infrastructure'));
    const builds = terraform.machine.journal
      .map(entry => JSON.stringify(entry))
      .filter(line => line.includes('"--file"'));
    expect(builds).toEqual([
      expect.stringContaining(`${root}/infrastructure/../Dockerfile`.replace('/infrastructure/..', '')),
    ]);
  });

  test('deploys a copy of an example', async () => {
    const copy = mkdtempSync(join(terraform.machine.folder, 'copy-'));
    cpSync(join(CONFIGURATION, 'examples/minimal'), copy, { recursive: true });
    const main = join(copy, 'main.tf');
    writeFileSync(main, readFileSync(main, 'utf8').replace('"../.."', `"${source}"`));
    await live(copy);
  });
});
