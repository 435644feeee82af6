/**
 * Files whose import returns their text: in the bundle (bundle-options.ts), under `npm run dev` (scripts/dev-hooks.ts) and in
 * tests (vitest.config.ts). Any other file is imported as text by `import text from './x.css' with { type: 'text' }`.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Their types are in app/framework/text-files.d.ts. */
export const TEXT_EXTENSIONS = ['.csv', '.gql', '.graphql', '.html', '.md', '.sql', '.txt'];

/** Returns an ES module with the text as its default export. */
export function textModule(path: string): string {
  return `export default ${JSON.stringify(readFileSync(path, 'utf8'))};`;
}

const ATTRIBUTE = /(\bfrom\s*)(['"])([^'"]+)\2\s*with\s*\{\s*type:\s*(['"])text\4\s*,?\s*\}/g;
const WITH_ATTRIBUTE = 'text-file:';

/** Makes Vitest load text files, by their extension or by the import attribute, which Vite does not pass on. */
export function textFiles() {
  return {
    name: 'text-files',
    enforce: 'pre' as const,
    transform: (code: string) =>
      code.includes('with') ? code.replace(ATTRIBUTE, `$1$2${WITH_ATTRIBUTE}$3$2`) : undefined,
    resolveId(id: string, importer = '') {
      // Without an extension at the end, because Vite recognizes style sheets by it.
      if (!id.startsWith(WITH_ATTRIBUTE)) return undefined;
      return `\0${WITH_ATTRIBUTE}${resolve(dirname(importer), id.slice(WITH_ATTRIBUTE.length))}:`;
    },
    load(id: string) {
      if (id.startsWith(`\0${WITH_ATTRIBUTE}`)) return textModule(id.slice(WITH_ATTRIBUTE.length + 1, -1));
      return TEXT_EXTENSIONS.some(extension => id.endsWith(extension)) ? textModule(id) : undefined;
    },
  };
}
