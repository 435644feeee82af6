/**
 * Makes Node run the sources of app/ as the build does, for `npm run dev`: imports of text files, of JSON without an attribute,
 * `__dirname` in ES modules, and CommonJS in files that package.json declares to be ES modules.
 *
 * Loaded by `--import`, so that it also applies to worker threads of a server.
 */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TEXT_EXTENSIONS, textModule } from './build/text-files.ts';
import { isCommonJS, isUserFile, withDeclaration } from './build/user-modules.ts';

const app = join(fileURLToPath(new URL('..', import.meta.url)), 'app');
const REQUIRE =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url), " +
  'module = { exports: {} }, { exports } = module, __dirname = import.meta.dirname, __filename = import.meta.filename; ';
const LOCATION = 'const __dirname = import.meta.dirname, __filename = import.meta.filename; ';

registerHooks({
  load(url, context, next) {
    const path = url.startsWith('file:') ? fileURLToPath(url) : '';
    const type = context.importAttributes?.type; // CommonJS has none.
    const isText = type === 'text' || (!type && TEXT_EXTENSIONS.includes(extname(path)));
    if (!isUserFile(app, path)) return next(url, context);
    // Node compares the attributes with the format of the module afterwards.
    if (isText) return { format: 'module', source: textModule(path), shortCircuit: true };
    if (extname(path) === '.json' && !type && context.format === 'json')
      return {
        format: 'module',
        source: `export default ${readFileSync(path, 'utf8')};`,
        shortCircuit: true,
      };
    const loaded = next(url, context);
    if (!loaded.format?.startsWith('module') || !loaded.source) return loaded;
    const source = String(loaded.source);
    if (path.endsWith('.js') && isCommonJS(source))
      return { ...loaded, source: `${withDeclaration(source, REQUIRE)}\nexport default module.exports;` };
    return usesLocation(source) ? { ...loaded, source: withDeclaration(source, LOCATION) } : loaded;
  },
});

/** Whether a module uses `__dirname` or `__filename` and declares neither itself. */
function usesLocation(source: string): boolean {
  const declared = /\b(?:const|let|var)\b[^;=]*\b__(?:dirname|filename)\b/.test(source);
  return /\b__(?:dirname|filename)\b/.test(source) && !declared;
}
