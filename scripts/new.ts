/**
 * `npm run new -- server NAME [--app]`: writes app/servers/NAME.ts with one typed tool and its test, and mounts it at /NAME in
 * app/routes.ts. With `--app` the server is a folder, app/servers/NAME, with an MCP App: HTML in which clients show the tool's
 * result. Overwrites nothing.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Script } from 'node:vm';
import { type Mount, MountError, mountRoute } from './new/mount-route.ts';
import { type Names, server, serverWithApp } from './new/templates.ts';

const USAGE =
  'Usage: npm run new -- server NAME [--app], where NAME has lower-case letters, digits and single hyphens, at most 40 characters.';
const ROUTES = 'app/routes.ts';
const root = fileURLToPath(new URL('..', import.meta.url));

/** Names that the generated files use for something else. */
const TAKEN = ['afterAll', 'app', 'beforeAll', 'client', 'expect', 'fetch', 'mcp', 'routes', 'test', 'z'];

/** Returns the names for a server; throws if the name is not usable. */
function namesFor(name: string): Names {
  if (name.length > 40 || !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    throw new Error(`"${name}" is not a valid name.\n${USAGE}`);
  }
  const factory = name.replaceAll(/-([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
  if (TAKEN.includes(factory) || !isIdentifier(factory)) {
    throw new Error(`"${name}" has another meaning in the code. Choose another name.\n${USAGE}`);
  }
  return { name, factory };
}

/** False for reserved words, such as `class` and `new`. */
function isIdentifier(name: string): boolean {
  try {
    new Script(`'use strict'; function ${name}() {}`);
    return true;
  } catch {
    return false;
  }
}

/** Writes the files. Throws, without writing, if one of them exists. */
function writeFiles(files: Readonly<Record<string, string>>): string[] {
  const existing = Object.keys(files).filter(file => existsSync(join(root, file)));
  if (existing.length > 0) throw new Error(`${existing.join(' and ')} exists. Nothing was changed.`);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text, { flag: 'wx' });
  }
  return Object.keys(files);
}

/** Changes app/routes.ts; returns what to do by hand if it cannot. */
function mountInRoutes({ factory, module, path }: Mount): string | undefined {
  const routes = join(root, ROUTES);
  try {
    if (!existsSync(routes)) throw new MountError('it does not exist');
    writeFileSync(routes, mountRoute(readFileSync(routes, 'utf8'), { factory, module, path }));
    return undefined;
  } catch (error) {
    if (!(error instanceof MountError)) throw error;
    return `${ROUTES} was not changed, because ${error.message}. Mount the server by hand:
  import { mcp } from '#framework';
  import { ${factory} } from '${module}';
  .route('${path}', mcp(${factory}))
`;
  }
}

function readArguments(): { name: string; withApp: boolean } {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: { app: { type: 'boolean', default: false } },
    });
    const [kind, name, ...surplus] = positionals;
    if (kind === 'server' && name && surplus.length === 0) return { name, withApp: values.app };
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${USAGE}`);
  }
  throw new Error(USAGE);
}

try {
  const { name, withApp } = readArguments();
  const names = namesFor(name);
  const { module, files } = withApp ? serverWithApp(names) : server(names);
  for (const file of writeFiles(files)) process.stdout.write(`wrote    ${file}\n`);
  const mount = { factory: names.factory, module, path: `/${name}` };
  const byHand = mountInRoutes(mount);
  if (byHand) {
    process.stderr.write(byHand);
    process.exitCode = 1;
  } else {
    process.stdout.write(`mounted  /${name} in ${ROUTES}\n\nTry it: npm start, then\n`);
    process.stdout.write(`  npm run call -- http://localhost:8080/${name} greet '{"name":"Ada"}'\n`);
  }
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 2;
}
