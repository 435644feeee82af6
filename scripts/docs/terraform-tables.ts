/**
 * `node scripts/docs/terraform-tables.ts`: writes the tables in the READMEs of terraform/: requirements, providers, resources,
 * variables and outputs. A test compares them with the configuration.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type Kind,
  objectsOf,
  outputsOf,
  requirementsOf,
  variablesOf,
} from '../../test/framework/terraform/helpers/hcl.ts';

const CONFIGURATION = fileURLToPath(new URL('../../terraform', import.meta.url));

/** READMEs with tables: that of the root module and that of each module. */
export const DOCUMENTED = globSync(['README.md', 'modules/*/README.md'], { cwd: CONFIGURATION })
  .map(file => join(CONFIGURATION, file))
  .sort();

/** Returns the text of a README with current tables. */
export function documented(readme: string): string {
  const folder = dirname(readme);
  const variables = variablesOf(folder).map(
    ({ name, type, fallback, description }) =>
      `| \`${name}\` | \`${type}\` | ${fallback === undefined ? 'needed' : `\`${fallback}\``} | ${description} |`,
  );
  const outputs = outputsOf(folder).map(
    ({ name, description, sensitive }) => `| \`${name}\` | ${description}${sensitive ? ' Sensitive.' : ''} |`,
  );
  const text = readFileSync(readme, 'utf8');
  const withVariables = replaced(text, 'variables', [
    '| variable | type | default | meaning |',
    '|---|---|---|---|',
    ...variables,
  ]);
  const withOutputs = replaced(withVariables, 'outputs', ['| output | meaning |', '|---|---|', ...outputs]);
  return replaced(withOutputs, 'requirements', requirements(folder));
}

function requirements(folder: string): string[] {
  const { terraform, providers } = requirementsOf(folder);
  const versions = [
    ['terraform', terraform],
    ...Object.entries(providers).map(([name, version]) => [`[${name}](${sourceOf(name)})`, version]),
  ];
  const objects = (['resource', 'ephemeral', 'data'] as const).flatMap(kind =>
    objectsOf(folder, kind).map(({ type, name, file }) => {
      const address = kind === 'resource' ? `${type}.${name}` : `${kind}.${type}.${name}`;
      return `| \`${address}\` | [${file}](${file}) | ${link(kind, type)} |`;
    }),
  );
  return [
    '| requirement | version |',
    '|---|---|',
    ...versions.map(([name, version]) => `| ${name} | \`${version}\` |`),
    '',
    '| resource | file | documentation |',
    '|---|---|---|',
    ...objects,
  ];
}

/** Returns the URL of the repository of a provider such as `hashicorp/aws`. */
const sourceOf = (provider: string): string =>
  `https://github.com/${provider.replace('/', '/terraform-provider-')}`;

/** Provider → path of the documentation of a resource, ephemeral resource or data source in its repository. */
const PAGES: Readonly<Record<string, (kind: Kind, name: string) => string>> = {
  aws: (kind, name) => {
    const folder = { resource: 'r', ephemeral: 'ephemeral-resources', data: 'd' }[kind];
    return `website/docs/${folder}/${name}.html.markdown`;
  },
  random: (kind, name) => {
    const folder = { resource: 'resources', ephemeral: 'ephemeral-resources', data: 'data-sources' }[kind];
    return `docs/${folder}/${name}.md`;
  },
};

/** Returns a link to the documentation of a type. terraform_data is part of Terraform. */
function link(kind: Kind, type: string): string {
  if (type === 'terraform_data')
    return '[terraform_data](https://developer.hashicorp.com/terraform/language/resources/terraform-data)';
  const [, provider = '', name = ''] = /^([a-z]+)_(\w+)$/.exec(type) ?? [];
  const page = PAGES[provider];
  if (!page) throw new Error(`The documentation of ${type} is unknown: add its provider to PAGES.`);
  return `[${name}](${sourceOf(`hashicorp/${provider}`)}/blob/main/${page(kind, name)})`;
}

function replaced(text: string, name: string, lines: readonly string[]): string {
  const marked = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`);
  if (!marked.test(text))
    throw new Error(`The README has no markers for ${name}: <!-- ${name} --> … <!-- /${name} -->`);
  return text.replace(marked, (_, begin, end) => `${begin}${lines.join('\n')}\n${end}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const readme of DOCUMENTED) writeFileSync(readme, documented(readme));
}
