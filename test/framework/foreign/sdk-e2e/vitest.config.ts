/** The configuration of the SDK's end-to-end tests, with `mcp()` as the server unless CONTROL is set. SDK is the checkout. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const { SDK = '', CONTROL } = process.env;
const E2E = join(SDK, 'test/e2e');
const SERVER = '@modelcontextprotocol/server';
/** The file that hosts the servers of all scenarios. */
const HOST = join(E2E, 'helpers/index.ts');
const OURS = join(import.meta.dirname, '../../../..');

const plugin = {
  name: 'mcp-on-lambda',
  enforce: 'pre',
  resolveId(source: string, importer = ''): string | undefined {
    if (source !== SERVER) return undefined;
    if (importer === HOST && !CONTROL) return join(import.meta.dirname, 'create-handler.ts');
    // The framework must use the SDK of the checkout, because the scenarios use its classes.
    return importer.startsWith(OURS) ? join(SDK, 'packages/server/src/index.ts') : undefined;
  },
};

export default async () => {
  const { default: theirs } = await import(pathToFileURL(join(E2E, 'vitest.config.js')).href);
  return { ...theirs, root: E2E, plugins: [plugin, ...theirs.plugins] };
};
