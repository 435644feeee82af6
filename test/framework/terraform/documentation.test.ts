/** Compares the READMEs of terraform/ with the configuration, and runs the commands for a deployment as documented. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DOCUMENTED, documented } from '../../../scripts/docs/terraform-tables.ts';
import { Deployment } from './helpers/deployment.ts';
import { outputsOf, type Variable, variablesOf } from './helpers/hcl.ts';
import { CONFIGURATION, describeTerraform, Terraform } from './helpers/terraform.ts';

const MODULES = readdirSync(join(CONFIGURATION, 'modules')).sort();
const moduleFolder = (name: string): string => join(CONFIGURATION, 'modules', name);

describe.each(DOCUMENTED.map(readme => relative(CONFIGURATION, readme)))('%s', readme => {
  const file = join(CONFIGURATION, readme);

  test('lists every variable and every output; else run: node scripts/docs/terraform-tables.ts', () => {
    expect(readFileSync(file, 'utf8')).toBe(documented(file));
  });

  test('describes each variable and output in a sentence', () => {
    const folder = join(file, '..');
    const described = [...variablesOf(folder), ...outputsOf(folder)];
    expect(described.length).toBeGreaterThan(0);
    for (const { name, description } of described) expect(description, name).toMatch(/^[A-Z].{10,}\.$/s);
  });
});

test('the root module and every module have a README with tables', () => {
  expect(DOCUMENTED.map(readme => relative(CONFIGURATION, readme)).sort()).toEqual(
    ['README.md', ...MODULES.map(name => `modules/${name}/README.md`)].sort(),
  );
});

test('the root module and its modules have the same types and defaults for the variables that it passes on', () => {
  const own = new Map(variablesOf(CONFIGURATION).map(variable => [variable.name, variable]));
  // Variables that have another meaning in the module, or that the root module computes.
  const others = [
    'authorizer',
    'environment',
    'iam',
    'name',
    'reserved_concurrency',
    'source_dir',
    'timeout',
    'vpc',
  ];
  const passed = MODULES.flatMap(name => variablesOf(moduleFolder(name))).filter(
    ({ name, fallback }) => own.has(name) && fallback !== undefined && !others.includes(name),
  );
  expect(passed.length).toBeGreaterThan(20);
  const gist = ({ name, type, fallback }: Variable) => ({ name, type, fallback });
  for (const variable of passed) {
    const mine = own.get(variable.name);
    expect(mine && gist(mine)).toEqual(gist(variable));
  }
});

describeTerraform('the commands of terraform/README.md', () => {
  const text = readFileSync(join(CONFIGURATION, 'README.md'), 'utf8');

  /** Returns the shell commands under a heading, without those of npm. */
  function commandsUnder(heading: string): string {
    const [, section = ''] = new RegExp(`^## ${heading}$([\\s\\S]*?)(?=^## )`, 'm').exec(text) ?? [];
    const fences = [...section.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, commands = '']) => commands);
    expect(fences.length, heading).toBeGreaterThan(0);
    return fences.filter(commands => !commands.startsWith('npm ')).join('');
  }

  test('deploy, print the URL and the token, roll back, and destroy', async () => {
    using terraform = await Terraform.start();
    const deployment = new Deployment(terraform);
    const yes = { TF_CLI_ARGS_apply: '-auto-approve', TF_CLI_ARGS_destroy: '-auto-approve' };
    const run = (script: string) => terraform.shell(deployment.root, script, [], yes);

    const deployed = await run(`${commandsUnder('Deploy')}\nprintf '\\n%s' "$MCP_TOKEN"`);
    expect(deployed).toMatchObject({ status: 0 });
    expect(deployed.stdout).toMatch(
      /https:\/\/[0-9a-f]{32}\.lambda-url\.eu-west-1\.on\.aws\/mcp\n[A-Za-z0-9]{43}$/,
    );

    const version = (): unknown => terraform.account.get('aws_lambda_alias', 'mcp:live')?.function_version;
    const settings = (): string =>
      JSON.stringify(terraform.account.get('aws_lambda_function', 'mcp')?.environment);
    const before = settings();
    expect(await run(`openssl() { printf %064d 7; }\n${commandsUnder('Who may call')}`)).toMatchObject({
      status: 0,
    });
    expect(settings()).not.toBe(before);
    expect(version()).toBe('2');
    expect((await run('terraform -chdir=terraform output mcp_token')).status).toBe(1);

    const back = commandsUnder('Roll back').replace('pinned_version=7', 'pinned_version=1');
    expect(await run(back)).toMatchObject({ status: 0 });
    expect(version()).toBe('1');

    expect(await run(commandsUnder('Destroy'))).toMatchObject({ status: 0 });
    expect(terraform.account.inventory()).toEqual([]);
  });
});
