/**
 * Copies files that a user's servers read or run at run time to dist/app: every file in app/ outside app/framework that is not
 * TypeScript, and the TypeScript files that are named by `new URL('./worker.ts', import.meta.url)` or by their path, with
 * their imports.
 *
 * Scripts are copied as they are and run by Node, so packages that they import are copied too (external-packages.ts).
 */
import { cpSync, existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Metafile, type Plugin } from 'esbuild';
import { BuildError, rethrow } from './build-error.ts';
import { COMMONJS, isCommonJS, isUserFile, placeInBuild } from './user-modules.ts';

export interface UserFilesInput {
  root: string;
  /** The folder of the routes, absolute. */
  app: string;
  /** Of the bundle. */
  metafile: Metafile;
  /** The build. */
  to: string;
}

/** Copies the files. Returns the folders of the packages that they need in the build. */
export async function copyUserFiles({ root, app, metafile, to }: UserFilesInput): Promise<Set<string>> {
  const bundled = new Set(
    Object.keys(metafile.inputs).map(name => resolve(root, name.replace(`${COMMONJS}:`, ''))),
  );
  const modules = [...bundled].filter(file => isUserFile(app, file) && SCRIPT.test(file));
  const references = modules.flatMap(file => referencesIn(file, readFileSync(file, 'utf8')));
  for (const reference of references) requireInside(root, app, reference);

  const files = new Set(dataFiles(app));
  const packages = new Set(references.flatMap(reference => reference.packageFolder ?? []));
  const named = new Set(
    references.flatMap(({ file, isUrl }) => (file && (isUrl || !bundled.has(file)) ? [file] : [])),
  );
  const scripts = [...files].filter(file => JAVASCRIPT.test(file) && !bundled.has(file));
  for (const script of new Set([...scripts, ...[...named].filter(file => SCRIPT.test(file))])) {
    const needed = await needsOf(root, script, named.has(script));
    for (const file of needed.files) files.add(file);
    for (const folder of needed.packages) packages.add(folder);
  }
  // A link may lead to a folder.
  for (const file of files)
    cpSync(file, join(to, placeInBuild(app, file)), { dereference: true, recursive: true });
  declareModuleTypes(root, app, files, to);
  return packages;
}

const SCRIPT = /\.[cm]?[jt]s$/;
const TYPESCRIPT = /\.(?:[cm]?ts|tsx)$/;
const JAVASCRIPT = /\.[cm]?js$/;

/** Returns every file except TypeScript, dot files and files in node_modules. */
function dataFiles(app: string): string[] {
  return readdirSync(app, { recursive: true, withFileTypes: true })
    .filter(entry => !entry.isDirectory() && !TYPESCRIPT.test(entry.name))
    .map(entry => join(entry.parentPath, entry.name))
    .filter(
      file => isUserFile(app, file) && !/(?:^|[\\/])(?:\.|node_modules(?:[\\/]|$))/.test(relative(app, file)),
    );
}

interface Reference {
  from: string;
  /** The file that a module names. */
  file?: string;
  /** Whether it is named by `new URL(..., import.meta.url)` instead of a string with its path. */
  isUrl?: boolean;
  packageFolder?: string;
}

/** Finds the files and packages that the text of a module names for run time. */
function referencesIn(from: string, text: string): Reference[] {
  const urls = [...text.matchAll(/\bnew URL\(\s*(['"`])([^'"`$]+)\1\s*,\s*import\.meta\.url\s*,?\s*\)/g)];
  const paths = [...text.matchAll(/(?<!\bfrom\s*|\bimport\s*\(?\s*)(['"`])([^'"`$\n]+\.[cm]?ts)\1/g)];
  const names = [
    ...text.matchAll(/\b(?:resolve|require\w*|createRequire\([^()]*\))\(\s*(['"`])([^'"`$]+)\1/g),
  ];
  return [
    ...urls.map(([, , name = '']) => ({
      from,
      file: fileURLToPath(new URL(name, pathToFileURL(from))),
      isUrl: true,
    })),
    ...paths.map(([, , name = '']) => ({ from, file: join(dirname(from), name) })),
    // The bundle contains modules that CommonJS requires. Elsewhere createRequire returns `require`.
    ...(/\bcreateRequire\b|\bimport\.meta\.resolve\b|\brequire\.resolve\b/.test(text) ? names : []).map(
      ([, , name = '']) => ({ from, ...packageOf(name, from) }),
    ),
  ].filter(({ file, packageFolder }: Reference) => packageFolder || (file && existsSync(file)));
}

/** Returns the package that `name` is in, unless it is a path, part of Node, or not installed. */
function packageOf(name: string, from: string): Pick<Reference, 'packageFolder'> {
  if (/^[./#]|^[a-z]+:/.test(name) || isBuiltin(name)) return {};
  // Of 'package/path/file.js' the package: a path in it may not be exported.
  const [id] = /^(?:@[^/]+\/)?[^/]+/.exec(name) ?? [];
  const found = createRequire(from)
    .resolve.paths(name)
    ?.map(folder => join(folder, String(id)))
    .find(folder => existsSync(join(folder, 'package.json')));
  return found ? { packageFolder: realpathSync(found) } : {};
}

function requireInside(root: string, app: string, { from, file, isUrl }: Reference): void {
  if (!file || !isUrl || relative(app, file).split(sep)[0] !== '..') return;
  const [module, target, folder] = [from, file, app].map(each => relative(root, each));
  throw new BuildError(
    `${module} names ${target}, which is outside ${folder}/: the image contains only what is in ${folder}/. Move it there.`,
  );
}

/** Imports of a script: TypeScript modules, which have to be copied too, and packages. */
async function needsOf(
  root: string,
  script: string,
  isNamed: boolean,
): Promise<{ files: string[]; packages: Set<string> }> {
  const packages = new Set<string>();
  const bare: Plugin = {
    name: 'bare-imports',
    setup({ onLoad, onResolve }) {
      onLoad({ filter: /./ }, ({ path }) => (SCRIPT.test(path) ? undefined : { contents: '' }));
      onResolve({ filter: /^[^./]/ }, ({ path, importer, kind }) => {
        if (kind === 'entry-point') return undefined;
        if (path.startsWith('#'))
          return { errors: [{ text: `${path} is not available in a file that Node runs by its URL.` }] };
        const { packageFolder } = packageOf(path, importer);
        if (packageFolder) packages.add(packageFolder);
        return { path, external: true };
      });
    },
  };
  const analyzed = build({
    absWorkingDir: root,
    entryPoints: [script],
    bundle: true,
    platform: 'node',
    format: 'esm',
    metafile: true,
    write: false,
    logLevel: 'silent',
    plugins: [bare],
  });
  const result = await analyzed.catch(error => {
    if (isNamed) return rethrow(error);
    return undefined; // A script for browsers, or a text that only looks like one: it is data of the server.
  });
  const inputs = Object.keys(result?.metafile.inputs ?? {}).map(name => resolve(root, name));
  return { files: inputs.filter(file => TYPESCRIPT.test(file)), packages };
}

/**
 * Writes a package.json to each folder with scripts whose name does not show whether they are ES modules, because the build does not
 * contain that of the project. In a folder with both kinds it declares neither, and Node detects the kind.
 */
function declareModuleTypes(root: string, app: string, files: ReadonlySet<string>, to: string): void {
  const { type = 'commonjs' } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    type?: string;
  };
  const types = new Map<string, Set<string>>();
  for (const file of files) {
    if (!/\.[jt]s$/.test(file) || hasOwnType(app, dirname(file))) continue;
    const kind = isCommonJS(readFileSync(file, 'utf8')) ? 'commonjs' : type;
    types.set(dirname(file), (types.get(dirname(file)) ?? new Set()).add(kind));
  }
  for (const [folder, kinds] of types) {
    const manifest = kinds.size === 1 ? { type: [...kinds][0] } : {};
    writeFileSync(join(to, placeInBuild(app, folder), 'package.json'), `${JSON.stringify(manifest)}\n`);
  }
}

/** Whether a package.json in app/ declares the kind. */
function hasOwnType(app: string, folder: string): boolean {
  if (existsSync(join(folder, 'package.json'))) return true;
  return folder !== app && hasOwnType(app, dirname(folder));
}
