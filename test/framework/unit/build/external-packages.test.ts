/**
 * Packages that cannot be bundled: the build copies them with their dependencies, and they work without a node_modules above the
 * build; or the build fails and names the package.
 */
import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  globSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeAll } from '../../../helpers/close-all.ts';
import { ROOT, type RunningLambda, startDist } from '../../../helpers/local-lambda.ts';
import { ProjectCopy } from '../../../helpers/project-copy.ts';

const run = promisify(execFile);
const PLATFORM = `${process.platform}-${process.arch}`;

/** A native module that is installed here. */
const [binary = ''] = globSync(['node_modules/*/*.node', 'node_modules/@*/*/*.node'], { cwd: ROOT }).map(
  name => join(ROOT, name),
);

type Files = Record<string, string | object>;

/** A project with additional packages in node_modules. */
class ProjectWithPackages extends ProjectCopy {
  constructor(packages: Record<string, Files>) {
    super();
    const modules = join(this.folder, 'node_modules');
    rmSync(modules);
    linkPackages(join(ROOT, 'node_modules'), modules);
    const lock = JSON.parse(this.read('package-lock.json'));
    for (const [path, { 'package.json': manifest, ...files }] of Object.entries(packages)) {
      const name = path.split('node_modules/').at(-1);
      // It may be a link to an installed package, which must stay as it is.
      if (isLink(join(modules, path))) rmSync(join(modules, path));
      this.add(`node_modules/${path}/package.json`, { name, version: '1.0.0', ...(manifest as object) });
      for (const [file, content] of Object.entries(files)) this.add(`node_modules/${path}/${file}`, content);
      lock.packages[`node_modules/${path}`] = { version: '1.0.0', license: 'MIT' };
    }
    this.add('package-lock.json', lock);
  }

  add(file: string, content: string | object): void {
    mkdirSync(dirname(join(this.folder, file)), { recursive: true });
    if (content === BINARY) cpSync(binary, join(this.folder, file));
    else this.write(file, typeof content === 'string' ? content : JSON.stringify(content));
  }

  /** Creates a tool for each expression. */
  tools(imports: string, tools: Record<string, string>): void {
    const registered = Object.entries(tools).map(
      ([name, code]) =>
        `server.registerTool('${name}', {}, async () => ({ content: [{ type: 'text', text: String(${code}) }] }));`,
    );
    this.write(
      'app/routes.ts',
      `import { McpServer } from '@modelcontextprotocol/server';
      import { Hono } from 'hono';
      import { mcp } from '#framework';
      ${imports}
      const create = () => { const server = new McpServer({ name: 'a', version: '1' }); ${registered.join('\n')} return server; };
      export const routes = new Hono().route('/mcp', mcp(create));`,
    );
  }

  build(): Promise<unknown> {
    return run(process.execPath, ['scripts/build/build.ts'], { cwd: this.folder });
  }
}

const BINARY = 'a native module';

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

function linkPackages(from: string, to: string): void {
  mkdirSync(to);
  for (const name of readdirSync(from))
    if (name.startsWith('@')) linkPackages(join(from, name), join(to, name));
    else symlinkSync(join(from, name), join(to, name));
}

async function call({ url }: RunningLambda, name: string): Promise<string> {
  const response = await fetch(`${url}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} } }),
  });
  const { result } = (await response.json()) as { result: { content: { text: string }[] } };
  return result.content[0]?.text ?? '';
}

const READS = "const { readFileSync } = require('node:fs'); const { join } = require('node:path');";
const PACKAGES: Record<string, Files> = {
  'reads-its-files': {
    'package.json': { dependencies: { 'nested-dependency': '1' } },
    'index.js': `${READS} exports.read = () => readFileSync(join(__dirname, 'a.txt'), 'utf8') + require('nested-dependency');`,
    'a.txt': 'its file, ',
  },
  'reads-its-files/node_modules/nested-dependency': { 'index.js': "module.exports = 'nested';" },
  'nested-dependency': { 'index.js': "module.exports = 'top level';" },
  'es-module': {
    'package.json': { type: 'module', exports: './index.js', dependencies: { 'nested-dependency': '1' } },
    'index.js': `import { readFileSync } from 'node:fs'; import dependency from 'nested-dependency';
      export default () => readFileSync(new URL('./b.txt', import.meta.url), 'utf8') + dependency;
      export const named = 'named';`,
    'b.txt': 'of a URL, ',
  },
  'computed-require': {
    'index.js':
      "exports.load = name => require('./parts/' + name + '.js'); exports.any = name => require(name);",
    'parts/one.js': 'module.exports = 1;',
  },
  native: {
    'package.json': {
      optionalDependencies: { [`@native/native-${PLATFORM}`]: '1', '@native/native-win32-mips': '1' },
    },
    'index.js': `exports.type = () => typeof require('@native/native-${PLATFORM}');`,
  },
  [`@native/native-${PLATFORM}`]: {
    'package.json': { main: 'it.node', os: [process.platform], cpu: [process.arch] },
    'it.node': BINARY,
  },
  'with-prebuilds': {
    'package.json': { gypfile: true, dependencies: { 'node-gyp-build': '4' } },
    'index.js': `exports.type = () => typeof require('./prebuilds/${PLATFORM}/it.node');`,
    [`prebuilds/${PLATFORM}/it.node`]: BINARY,
  },
  'node-gyp-build': { 'index.js': '' },
  'around-native': { 'index.js': "exports.type = () => require('native').type();" },
  'tries-optional': {
    'index.js': `${READS} exports.file = __filename; let has = true;
      try { require('undeclared'); } catch (error) { if (error.code !== 'MODULE_NOT_FOUND') throw error; has = false; }
      exports.has = has; exports.needs = () => require('undeclared');`,
  },
  undeclared: { 'index.js': "module.exports = 'undeclared';" },
  named: { 'package.json': { main: 'main.js' }, 'main.js': "module.exports = 'found';", 'data.txt': '' },
  plain: { 'index.js': "// Here __dirname is only in a comment.\nmodule.exports = 'plain';" },
};

const TOOLS = {
  reads: 'reads.read()',
  'es-module': 'esModule() + named + star.named',
  lazy: "(await import('es-module')).default()",
  computed: "computed.load('one')",
  native: 'native.type()',
  prebuilds: 'prebuilds.type()',
  around: 'around.type()',
  optional: 'optional.has',
  needs: '(() => { try { return optional.needs(); } catch (error) { return error.message; } })()',
  named: "createRequire(import.meta.url)('named')",
  plain: 'plain',
};
const IMPORTS = `
import { createRequire } from 'node:module';
import around from 'around-native';
import computed from 'computed-require';
import esModule, { named } from 'es-module';
import * as star from 'es-module';
import native from 'native';
import plain from 'plain';
import reads from 'reads-its-files';
import optional from 'tries-optional';
import prebuilds from 'with-prebuilds';`;
const RESULTS = {
  reads: 'its file, nested',
  'es-module': expect.stringMatching(/namednamed$/),
  lazy: 'of a URL, top level',
  computed: '1',
  native: 'object',
  prebuilds: 'object',
  around: 'object',
  optional: 'false',
  named: 'found',
  plain: 'plain',
};

const project = new ProjectWithPackages(PACKAGES);
const isolated = mkdtempSync(join(tmpdir(), 'isolated-'));
const lambdas: RunningLambda[] = [];
beforeAll(async () => {
  project.tools(IMPORTS, TOOLS);
  await project.build();
  cpSync(join(project.folder, 'dist'), isolated, { recursive: true });
});
afterAll(async () => {
  await closeAll(...lambdas);
  rmSync(isolated, { recursive: true });
  project[Symbol.dispose]();
});

test.each([
  [
    'in the project',
    () => join(project.folder, 'dist'),
    /Cannot find package 'undeclared'.*the build does not contain it/,
  ],
  ['with no node_modules above it', () => isolated, /Cannot find module 'undeclared'/],
] as const)(
  'packages that are not bundled work %s, and a require of a package outside the build fails as expected',
  async (_, folder, missing) => {
    const lambda = await startDist(folder(), { args: ['--init-timeout', '20'] });
    lambdas.push(lambda);
    const results: Record<string, string> = {};
    for (const name of Object.keys(RESULTS)) results[name] = await call(lambda, name);
    expect(results).toEqual(RESULTS);
    expect(await call(lambda, 'needs')).toMatch(missing);
  },
);

test('the build copies only the packages that are not bundled, with their dependencies, and the SBOM lists them', () => {
  const copied = globSync('node_modules/**/package.json', { cwd: isolated }).map(dirname);
  const expected = Object.keys(PACKAGES).filter(
    name => !['around-native', 'undeclared', 'plain'].includes(name),
  );
  expect(copied.toSorted()).toEqual(expected.map(name => `node_modules/${name}`).toSorted());
  const { components } = JSON.parse(project.read('dist/sbom.cdx.json')) as {
    components: { name: string; type: string }[];
  };
  const libraries = components.filter(({ type }) => type === 'library').map(({ name }) => name);
  expect(libraries).toEqual(expect.arrayContaining(expected.map(name => name.split('node_modules/').at(-1))));
});

test.each([
  [
    'has no part for this platform',
    { optionalDependencies: { 'broken-freebsd-x64': '1' } },
    new RegExp(
      `broken has no native part for ${PLATFORM}: of its optional packages \\(such as broken-freebsd-x64\\) none`,
    ),
  ],
  [
    'was not compiled',
    { gypfile: true },
    /broken has no native part for .*its install script has not run here. Run: npm rebuild broken/,
  ],
  [
    'lacks a dependency',
    { napi: {}, dependencies: { gone: '1' } },
    /gone is not installed, and broken depends on it/,
  ],
])('the build fails if a native package %s, and names it', async (what, manifest, message) => {
  const files: Files = { 'package.json': manifest, 'index.js': 'exports.a = 1;' };
  if (what.startsWith('lacks')) files['it.node'] = BINARY;
  using broken = new ProjectWithPackages({ broken: files });
  // Loaded on the first call only: the build does not run it.
  broken.tools('', { lazy: "(await import('broken')).a" });
  await expect(broken.build()).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(message) });
  expect(existsSync(join(broken.folder, 'dist'))).toBe(false);
});
