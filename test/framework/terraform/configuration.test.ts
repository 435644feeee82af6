/** Every module and example by itself: format, schema, its own tests; and which provider versions they take. */
import { cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSchema } from './fake-provider/schema.ts';
import { usedTypes } from './fake-provider/schemas/refresh.ts';
import { CONFIGURATION, describeTerraform, Terraform } from './helpers/terraform.ts';

const FOLDERS = globSync('**/versions.tf', { cwd: CONFIGURATION }).map(dirname).sort();
/** Of a module's own tests. OpenTofu reads every test in tests/ on init, and does not know what these need: override_during. */
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
    // Examples are tested elsewhere: init of the root module would then have the versions that the examples pin.
    const examples = readFileSync(new URL('examples.test.ts', import.meta.url), 'utf8');
    for (const folder of FOLDERS.filter(name => name.startsWith('examples/')))
      expect(examples).toContain(`live('${folder}'`);
  });

  test.each(FOLDERS)('%s fits the providers’ schemas, alone', async folder => {
    const path = join(CONFIGURATION, folder);
    await terraform.succeed(path, 'init', '-backend=false');
    const { output } = await terraform.succeed(path, 'validate');
    expect(output).toContain('The configuration is valid');
    expect(output).not.toContain('Warning');
  });

  test.each(TESTED)(
    '%s passes its own tests',
    async folder => {
      const path = join(CONFIGURATION, folder);
      await terraform.succeed(path, 'init', '-backend=false');
      const { output } = await terraform.succeed(path, 'test', `-test-directory=${OWN_TESTS}`);
      const [, passed, failed] = /Success! (\d+) passed, (\d+) failed/.exec(output) ?? [];
      expect({ failed, passed: Number(passed) }).toEqual({ failed: '0', passed: runsIn(folder) });
    },
    300_000, // The root module has 40 runs.
  );

  test('calls nothing real in its own tests', () => {
    expect(terraform.machine.journal).toEqual([]);
  });
});

function runsIn(folder: string): number {
  const files = globSync(`${OWN_TESTS}/*.tftest.hcl`, { cwd: join(CONFIGURATION, folder) });
  const text = files.map(file => readFileSync(join(CONFIGURATION, folder, file), 'utf8')).join('\n');
  return text.match(/^run "/gm)?.length ?? 0;
}

describeTerraform('provider versions', () => {
  let copy: string; // init writes a lock file beside a configuration.
  beforeAll(() => {
    copy = join(terraform.machine.folder, 'copy');
    cpSync(CONFIGURATION, copy, { recursive: true });
  });

  const isExample = (folder: string): boolean => folder.startsWith('examples/');

  // Since 6.28 there is aws_lambda_permission.invoked_via_function_url. No upper bound: a module that sets one keeps every
  // configuration that uses it from upgrading, and the lock file of a configuration holds the version.
  test.each(FOLDERS.filter(folder => !isExample(folder)))(
    '%s accepts the AWS provider from 6.28 on',
    async folder => {
      expect(await chosen(folder, ['6.27.0', '6.28.0'])).toBe('6.28.0');
      expect(await chosen(folder, ['6.28.0', '7.0.0'])).toBe('7.0.0');
      expect(await chosen(folder, ['6.27.0'])).toMatch(/no available releases match/);
    },
  );

  test.each(FOLDERS.filter(isExample))('%s has exactly the version that the tests use', async folder => {
    const { version } = readSchema('aws');
    expect(await chosen(folder, ['6.28.0', version, '7.0.0'])).toBe(version);
  });

  test('every folder needs the same Terraform', () => {
    for (const folder of FOLDERS)
      expect(readFileSync(join(CONFIGURATION, folder, 'versions.tf'), 'utf8'), folder).toContain(
        'required_version = ">= 1.11"',
      );
  });

  /** Which of these versions of the AWS provider `terraform init` takes, or what it says. */
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

  /** An empty file will do: init installs providers and does not start them. */
  function offer(host: string, name: string, version: string): void {
    const machine = `${platform()}_${arch() === 'x64' ? 'amd64' : arch()}`;
    const folder = join(host, 'hashicorp', name, version, machine);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `terraform-provider-${name}_v${version}`), '', { mode: 0o755 });
  }
});

test('the committed schemas have what the configuration uses, and no more', () => {
  for (const provider of ['aws', 'random'] as const) {
    const { resources, dataSources, ephemeralResources } = readSchema(provider);
    expect(Object.keys(resources)).toEqual(usedTypes('resource', provider));
    expect(Object.keys(dataSources)).toEqual(usedTypes('data', provider));
    expect(Object.keys(ephemeralResources)).toEqual(usedTypes('ephemeral', provider));
  }
});
