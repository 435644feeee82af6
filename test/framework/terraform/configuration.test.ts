/** Every module and example: format, schema, its own tests, and the accepted provider versions. */
import { cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSchema } from './fake-provider/schema.ts';
import { usedTypes } from './fake-provider/schemas/refresh.ts';
import { CONFIGURATION, describeTerraform, Terraform } from './helpers/terraform.ts';

const FOLDERS = globSync('**/versions.tf', { cwd: CONFIGURATION }).map(dirname).sort();
/** Folder of a module's own tests. OpenTofu would read tests in tests/ on init, and does not support override_during. */
const OWN_TESTS = 'tests/terraform';
const TESTED = [
  ...new Set(
    globSync(`**/${OWN_TESTS}/*.tftest.hcl`, { cwd: CONFIGURATION }).map(file =>
      join(dirname(file), '../..'),
    ),
  ),
].sort();

let terraform: Terraform;
beforeAll(async () => {
  terraform = await Terraform.start();
});
afterAll(() => terraform?.[Symbol.dispose]());

describeTerraform('the configuration', () => {
  test('is formatted', async () => {
    expect(await terraform.run(CONFIGURATION, 'fmt', '-check', '-recursive', '-diff')).toMatchObject({
      status: 0,
      stdout: '',
    });
  });

  test('has tests for the root module, every module and every example', () => {
    expect(TESTED).toEqual(['.', ...FOLDERS.filter(folder => folder.startsWith('modules/'))]);
    expect(globSync('**/*.tftest.hcl', { cwd: CONFIGURATION, exclude: [`**/${OWN_TESTS}/**`] })).toEqual([]);
    // The tests of the examples are elsewhere, because init of the root module would otherwise use the versions that they pin.
    const examples = readFileSync(new URL('examples.test.ts', import.meta.url), 'utf8');
    for (const folder of FOLDERS.filter(name => name.startsWith('examples/')))
      expect(examples).toContain(`live('${folder}'`);
  });

  test.each(FOLDERS)('in the folder %s matches the schemas of the providers', async folder => {
    const path = join(CONFIGURATION, folder);
    await terraform.succeed(path, 'init', '-backend=false');
    const { output } = await terraform.succeed(path, 'validate');
    expect(output).toContain('The configuration is valid');
    expect(output).not.toContain('Warning');
  });

  test.each(TESTED)('in the folder %s passes its own tests', async folder => {
    const path = join(CONFIGURATION, folder);
    await terraform.succeed(path, 'init', '-backend=false');
    const { output } = await terraform.succeed(path, 'test', `-test-directory=${OWN_TESTS}`);
    const [, passed, failed] = /Success! (\d+) passed, (\d+) failed/.exec(output) ?? [];
    expect({ failed, passed: Number(passed) }).toEqual({ failed: '0', passed: runsIn(folder) });
  });

  test('calls no real provider in its own tests', () => {
    expect(terraform.machine.journal).toEqual([]);
  });
});

function runsIn(folder: string): number {
  const files = globSync(`${OWN_TESTS}/*.tftest.hcl`, { cwd: join(CONFIGURATION, folder) });
  const text = files.map(file => readFileSync(join(CONFIGURATION, folder, file), 'utf8')).join('\n');
  return text.match(/^run "/gm)?.length ?? 0;
}

describeTerraform('provider versions', () => {
  let copy: string; // A copy, because init writes a lock file next to a configuration.
  beforeAll(() => {
    copy = join(terraform.machine.folder, 'copy');
    cpSync(CONFIGURATION, copy, { recursive: true });
  });

  const isExample = (folder: string): boolean => folder.startsWith('examples/');

  // Version 6.28 added aws_lambda_permission.invoked_via_function_url. There is no upper bound, because in a module it would prevent
  // upgrades of every configuration that uses the module; the lock file of a configuration fixes the version.
  test.each(FOLDERS.filter(folder => !isExample(folder)))(
    'of the AWS provider may be 6.28 or later in the folder %s',
    async folder => {
      expect(await chosen(folder, ['6.27.0', '6.28.0'])).toBe('6.28.0');
      expect(await chosen(folder, ['6.28.0', '7.0.0'])).toBe('7.0.0');
      expect(await chosen(folder, ['6.27.0'])).toMatch(/no available releases match/);
    },
  );

  test.each(FOLDERS.filter(isExample))(
    'of the AWS provider are pinned to the version of the tests in the example %s',
    async folder => {
      const { version } = readSchema('aws');
      expect(await chosen(folder, ['6.28.0', version, '7.0.0'])).toBe(version);
    },
  );

  test('have the same minimum version of Terraform in every folder', () => {
    for (const folder of FOLDERS)
      expect(readFileSync(join(CONFIGURATION, folder, 'versions.tf'), 'utf8'), folder).toContain(
        'required_version = ">= 1.11"',
      );
  });

  /** Returns the version of the AWS provider that `terraform init` chooses, or its output. */
  async function chosen(folder: string, available: readonly string[]): Promise<string> {
    const { output: providers } = await terraform.succeed(CONFIGURATION, 'providers');
    const [, host = ''] = /provider\[([^/\]]+)\/hashicorp\/aws\]/.exec(providers) ?? [];
    const mirror = join(terraform.machine.folder, `mirror-${available.join('-')}`);
    for (const version of available) offer(join(mirror, host), 'aws', version);
    offer(join(mirror, host), 'random', '3.7.0');
    const config = join(mirror, 'terraform.rc');
    writeFileSync(config, `provider_installation {\n  filesystem_mirror {\n    path = "${mirror}"\n  }\n}\n`);
    const env = { TF_CLI_CONFIG_FILE: config, TF_REATTACH_PROVIDERS: '' };
    const { output } = await terraform.shell(join(copy, folder), 'terraform init -upgrade', [], env);
    return /Installing hashicorp\/aws v(\S+?)\.\.\./.exec(output)?.[1] ?? output;
  }

  /** Offers a provider as an empty file, because init installs providers but does not start them. */
  function offer(host: string, name: string, version: string): void {
    const machine = `${platform()}_${arch() === 'x64' ? 'amd64' : arch()}`;
    const folder = join(host, 'hashicorp', name, version, machine);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `terraform-provider-${name}_v${version}`), '', { mode: 0o755 });
  }
});

test('the committed schemas have exactly the resource types that the configuration uses', () => {
  for (const provider of ['aws', 'random'] as const) {
    const { resources, dataSources, ephemeralResources } = readSchema(provider);
    expect(Object.keys(resources)).toEqual(usedTypes('resource', provider));
    expect(Object.keys(dataSources)).toEqual(usedTypes('data', provider));
    expect(Object.keys(ephemeralResources)).toEqual(usedTypes('ephemeral', provider));
  }
});
