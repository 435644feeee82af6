/**
 * Files whose import gives their text: in the bundle (bundle-options.ts), under `npm run dev` (scripts/dev-hooks.ts) and in
 * tests (vitest.config.ts). Any other file gives its text by `import text from './x.css' with { type: 'text' }`.
 */
import { readFileSync } from 'node:fs';

/** Their types are in app/framework/text-files.d.ts. */
export const TEXT_EXTENSIONS = ['.csv', '.gql', '.graphql', '.html', '.md', '.sql', '.txt'];

/** Returns an ES module with the text as its default export. */
export function textModule(path: string): string {
  return `export default ${JSON.stringify(readFileSync(path, 'utf8'))};`;
}

/** Makes Vitest load text files, by their extension or their import attribute. */
export function textFiles() {
  return {
    name: 'text-files',
    enforce: 'pre' as const,
    load(id: string, options?: { attributes?: Record<string, string> }) {
      const isText = TEXT_EXTENSIONS.some(extension => id.endsWith(extension));
      return isText || options?.attributes?.type === 'text' ? textModule(id) : undefined;
    },
  };
}
