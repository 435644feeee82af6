/**
 * Packages that cannot be bundled: those with a native part, and those that read files next to their own modules or require
 * by a computed name. The bundle requires them from dist/node_modules, to which the build copies them with their dependencies.
 *
 * Not here: packages that scripts next to a server import (user-files.ts finds those, and they are copied in the same way).
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { type Metafile, type Plugin, transformSync } from 'esbuild';
import { BuildError } from './build-error.ts';

/** The parts of a package.json that are read. */
interface Manifest {
  name?: string;
  type?: string;
  os?: string[];
  cpu?: string[];
  binary?: unknown;
  gypfile?: boolean;
  napi?: unknown;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}

/** Packages with which native packages find or build their native part. */
const NATIVE_TOOLS = [
  '@mapbox/node-pre-gyp',
  'bindings',
  'nan',
  'node-addon-api',
  'node-gyp',
  'node-gyp-build',
  'node-gyp-build-optional-packages',
  'node-pre-gyp',
  'pkg-prebuilds',
  'prebuild-install',
];

/** Matches an optional dependency with the native part for one platform, such as @img/sharp-linux-x64. */
const PLATFORM = /(?:^|[-_/.])(?:android|darwin|freebsd|linux|linuxmusl|win32|openharmony)(?:[-_.]|$)/;

/** Code that depends on where its module is, or on names that are known only when it runs. Comments are removed before. */
const LOCATION =
  /\b__(?:dirname|filename)\b|\bimport\.meta\b|\bnew Worker\(|\brequire\.resolve\(|\bcreateRequire\(|\brequire\((?!["'`)])/;

/** The packages that a bundle leaves out, found while it is made. */
export class ExternalPackages {
  readonly #folders = new Set<string>();

  /** Folders in node_modules. */
  get folders(): ReadonlySet<string> {
    return this.#folders;
  }

  /** Adds the packages of which `metafile` contains code that has to stay in its own file. Returns whether there is a new one. */
  addFrom(metafile: Metafile, root: string): boolean {
    const before = this.#folders.size;
    const inputs = Object.values(metafile.outputs).flatMap(output => Object.entries(output.inputs));
    for (const [name, { bytesInOutput }] of inputs) {
      const file = join(root, name);
      if (bytesInOutput === 0 || !file.includes(`${sep}node_modules${sep}`) || !existsSync(file)) continue;
      if (dependsOnItsLocation(file)) this.#folders.add(topLevel(packageFolder(file)));
    }
    return this.#folders.size > before;
  }

  /** Leaves the packages out of the bundle, and adds each native one on the way. */
  plugin(): Plugin {
    const native = new Map<string, boolean>();
    return {
      name: 'external-packages',
      setup: ({ onResolve, onLoad, resolve }) => {
        onResolve({ filter: /^[^./#]/ }, async ({ path, pluginData, ...from }) => {
          if (pluginData === RESOLVED || isBuiltin(path) || /^[a-z]+:/.test(path)) return undefined;
          if (from.namespace === ES_MODULE) return { path, external: true };
          const { errors, external, path: file } = await resolve(path, { ...from, pluginData: RESOLVED });
          if (errors.length > 0 || external || !file.includes(`${sep}node_modules${sep}`)) return undefined;
          const folder = packageFolder(file);
          if (!native.has(folder)) native.set(folder, hasNativePart(folder));
          // Of two versions only one is at the top of dist/node_modules, so the package around another one is copied too.
          if (native.get(folder)) this.#folders.add(topLevel(folder));
          if (!this.#folders.has(topLevel(folder))) return undefined;
          const imported = from.kind === 'import-statement' || from.kind === 'dynamic-import';
          return imported && isESModule(file) ? { path, namespace: ES_MODULE } : { path, external: true };
        });
        onLoad({ filter: /./, namespace: ES_MODULE }, ({ path }) => ({
          contents: `export * from ${JSON.stringify(path)}; export { default } from ${JSON.stringify(path)};`,
        }));
      },
    };
  }
}

const RESOLVED = Symbol('resolved');

/**
 * Modules that export the result of `require` of an ES module. esbuild treats it as CommonJS, whose default import would be the whole
 * module.
 */
const ES_MODULE = 'external-es-module';

function isESModule(file: string): boolean {
  return file.endsWith('.mjs') || (file.endsWith('.js') && manifestOf(packageFolder(file)).type === 'module');
}

function dependsOnItsLocation(file: string): boolean {
  if (!/\.[cm]?js$/.test(file)) return false;
  const text = readFileSync(file, 'utf8');
  if (!LOCATION.test(text)) return false;
  return LOCATION.test(transformSync(text, { minifyWhitespace: true, logLevel: 'silent' }).code);
}

/** Whether a package has a native part, by what its package.json declares or by its files. */
function hasNativePart(folder: string): boolean {
  const manifest = manifestOf(folder);
  return (
    isCompiled(folder, manifest) || platformPackages(manifest).length > 0 || nativeFiles(folder).length > 0
  );
}

function isCompiled(folder: string, { binary, gypfile, napi, dependencies = {} }: Manifest): boolean {
  const declared = Boolean(gypfile || binary || napi) || existsSync(join(folder, 'binding.gyp'));
  return declared || NATIVE_TOOLS.some(name => name in dependencies);
}

function platformPackages({ optionalDependencies = {} }: Manifest): string[] {
  return Object.keys(optionalDependencies).filter(name => PLATFORM.test(name));
}

function nativeFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    name => name.endsWith('.node') && !name.split(sep).includes('node_modules'),
  );
}

/**
 * Copies packages and all their dependencies, as they are installed, to `to`/node_modules. Returns their paths as in
 * package-lock.json. Throws a {@link BuildError} if something is not installed or not built.
 */
export function copyPackages(
  folders: Iterable<string>,
  to: string,
  architecture: string = process.arch,
): string[] {
  const wanted = new Map<string, boolean>([...folders].map(folder => [folder, true]));
  for (const [folder, required] of wanted) {
    const manifest = manifestOf(folder);
    if (required) requireNativePart(folder, manifest, architecture);
    for (const [name, optional] of dependenciesOf(manifest)) {
      const found = installedFor(folder, name);
      if (found && !wanted.has(found)) wanted.set(found, required && !optional);
      if (!found && !optional)
        throw new BuildError(
          `${name} is not installed, and ${manifest.name} depends on it. Run: npm install`,
        );
    }
  }
  return [...wanted.keys()].map(folder => {
    const path = lockPath(folder);
    const inner = join(folder, 'node_modules');
    cpSync(folder, join(to, path), { recursive: true, dereference: true, filter: file => file !== inner });
    return path;
  });
}

/**
 * Replaces the packages in `to`/node_modules, of which `copied` are the paths, by those for another architecture. Needs the network: npm
 * installs the project's dependencies for it in a separate folder, and runs none of their code. Returns their paths.
 */
export function copyPackagesFor(
  architecture: string,
  { root, copied, to }: { root: string; copied: readonly string[]; to: string },
): string[] {
  if (copied.length === 0) return [];
  const folder = mkdtempSync(join(tmpdir(), 'packages-'));
  try {
    for (const file of ['package.json', 'package-lock.json']) cpSync(join(root, file), join(folder, file));
    const platform = ['--os=linux', `--cpu=${architecture}`, '--libc=glibc'];
    const flags = ['--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    const { status } = spawnSync('npm', ['ci', ...flags, ...platform], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (status !== 0)
      throw new BuildError(`npm cannot install the packages for ${architecture}. The reason is above.`);
    rmSync(join(to, 'node_modules'), { recursive: true });
    const installed = copied.map(path => join(folder, path)).filter(path => existsSync(path));
    return copyPackages(installed, to, architecture);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Dependency → whether the package works without it. */
function dependenciesOf(manifest: Manifest): [name: string, optional: boolean][] {
  const {
    dependencies = {},
    optionalDependencies = {},
    peerDependencies = {},
    peerDependenciesMeta = {},
  } = manifest;
  const names = new Set([dependencies, optionalDependencies, peerDependencies].flatMap(Object.keys));
  return [...names].map(name => [
    name,
    name in optionalDependencies || Boolean(peerDependenciesMeta[name]?.optional),
  ]);
}

function requireNativePart(folder: string, manifest: Manifest, architecture: string): void {
  const { name } = manifest;
  const here = `${process.platform}-${architecture}`;
  const files = nativeFiles(folder).filter(file => !file.startsWith('prebuilds') || file.includes(here));
  const platforms = platformPackages(manifest);
  const installed = platforms.flatMap(each => installedFor(folder, each) ?? []);
  if (files.length > 0 || installed.some(each => runsOn(architecture, manifestOf(each)))) return;
  if (platforms.length > 0)
    throw new BuildError(
      `${name} has no native part for ${here}: of its optional packages (such as ${platforms[0]}) none for this machine is ` +
        `installed. Run: npm install --include=optional --os=${process.platform} --cpu=${architecture} ${name}`,
    );
  if (isCompiled(folder, manifest) && architecture !== process.arch)
    throw new BuildError(
      `${name} has no native part for ${here}: it is compiled when it is installed, and this machine is ${process.arch}. Build ` +
        'the image on a machine of the same architecture as the function, or set `architecture` to that of this machine.',
    );
  if (isCompiled(folder, manifest))
    throw new BuildError(
      `${name} has no native part for ${here}: its install script has not run here. Run: npm rebuild ${name}. The Dockerfile ` +
        'runs no install scripts, so add that command to it after npm ci.',
    );
}

function runsOn(architecture: string, { os, cpu }: Manifest): boolean {
  return (!os || os.includes(process.platform)) && (!cpu || cpu.includes(architecture));
}

/** Returns the folder that Node finds for `name` from a module of `folder`. */
function installedFor(folder: string, name: string): string | undefined {
  for (let above = folder; ; above = dirname(above)) {
    const found = join(above, 'node_modules', name);
    if (existsSync(join(found, 'package.json'))) return found;
    if (above === dirname(above)) return undefined;
  }
}

/** Returns the folder of the package that a file in node_modules is in. */
export function packageFolder(file: string): string {
  const [folder] = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(file) ?? [];
  if (!folder) throw new Error(`${file} is not in node_modules.`);
  return folder;
}

/** Returns the package in the project's own node_modules that a package is in: itself, or the one that brings it. */
function topLevel(folder: string): string {
  const [top = folder] = /^.*?[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(folder) ?? [];
  return top;
}

/** Returns the path as in package-lock.json: node_modules/..., wherever node_modules is. */
function lockPath(folder: string): string {
  return folder.slice(folder.indexOf(`${sep}node_modules${sep}`) + 1);
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}
