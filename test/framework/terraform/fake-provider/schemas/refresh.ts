/**
 * `node test/framework/terraform/fake-provider/schemas/refresh.ts`: writes aws.json and random.json again, for the resources and data
 * sources that terraform/ uses. Needs npm, its registry and tar; see README.md on where the data comes from.
 */
import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Block, ProviderSchema } from '../schema.ts';
import { blockOfConstruct, blockOfProvider, providerVersion } from './bindings.ts';

const SOURCES = {
  aws: '@cdktn/provider-aws@25.7.0',
  random: '@cdktn/provider-random@15.0.1',
} as const;

/** Blocks of the provider itself, which the bindings do not have; README.md lists them. */
const PROVIDER_BLOCKS: { [provider: string]: Pick<Block, 'blocks'> } = {
  aws: {
    blocks: {
      default_tags: {
        nesting: 'list',
        max: 1,
        block: { attributes: { tags: { type: ['map', 'string'], optional: true } } },
      },
    },
  },
};

/** Returns the types that the configuration uses, for example `aws_lambda_function` for the kind `resource`. */
export function usedTypes(kind: 'resource' | 'data' | 'ephemeral', provider: string): string[] {
  const root = fileURLToPath(new URL('../../../../../terraform', import.meta.url));
  const text = globSync('**/*.tf', { cwd: root }).map(file => readFileSync(join(root, file), 'utf8'));
  const found = text.join('\n').matchAll(new RegExp(`^${kind} "(${provider}_\\w+)"`, 'gm'));
  return [...new Set([...found].map(([, type]) => type ?? ''))].sort();
}

function refresh(provider: keyof typeof SOURCES): void {
  const folder = mkdtempSync(join(tmpdir(), 'bindings-'));
  const run = (program: string, ...args: string[]): string =>
    execFileSync(program, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const archive = run('npm', 'pack', '--silent', SOURCES[provider]).trim();
    const resources = usedTypes('resource', provider);
    const data = usedTypes('data', provider);
    const ephemeral = usedTypes('ephemeral', provider);
    const folderOf = (type: string): string => type.replace(`${provider}_`, '').replaceAll('_', '-');
    const folders = [
      'provider',
      ...resources.map(folderOf),
      ...data.map(type => `data-${provider}-${folderOf(type)}`),
      ...ephemeral.map(type => `ephemeral-${provider}-${folderOf(type)}`),
    ];
    run('tar', '-xzf', archive, ...folders.map(name => `package/lib/${name}/index.js`));
    const read = (name: string): string =>
      readFileSync(join(folder, 'package/lib', name, 'index.js'), 'utf8');
    const schema: ProviderSchema = {
      version: providerVersion(read('provider')),
      provider: { ...blockOfProvider(read('provider')), ...PROVIDER_BLOCKS[provider] },
      resources: Object.fromEntries(resources.map(type => [type, blockOfConstruct(read(folderOf(type)))])),
      dataSources: Object.fromEntries(
        data.map(type => [type, blockOfConstruct(read(`data-${provider}-${folderOf(type)}`))]),
      ),
      ephemeralResources: Object.fromEntries(
        ephemeral.map(type => [type, blockOfConstruct(read(`ephemeral-${provider}-${folderOf(type)}`))]),
      ),
    };
    writeFileSync(new URL(`${provider}.json`, import.meta.url), `${JSON.stringify(schema, null, 1)}\n`);
    process.stdout.write(
      `${provider} ${schema.version}: ${[...resources, ...data, ...ephemeral].join(', ')}\n`,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  refresh('aws');
  refresh('random');
}
