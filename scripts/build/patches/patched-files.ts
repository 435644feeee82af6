/**
 * All changes to dependencies: the diffs, then the generated rewrites. The files in node_modules are not changed: the build loads
 * the changed text instead of the file, and so does `npm run test:bundle`
 * (test/helpers/patched-dependencies.ts).
 */
import type { Plugin } from 'esbuild';
import { applyDiffs, type PatchedFiles, readDiffs } from './diffs.ts';
import { rewriteSchemas } from './mcp-sdk-schemas.ts';

/** Returns every changed file. Throws a PatchError if a diff or a rewrite no longer fits. */
export function patchedFiles(): PatchedFiles {
  return rewriteSchemas(applyDiffs(readDiffs()));
}

/** Makes esbuild load the changed text of `files`. */
export function loadPatched(files: PatchedFiles): Plugin {
  return {
    name: 'load-patched',
    setup({ onLoad }) {
      onLoad({ filter: /[\\/]node_modules[\\/].*\.m?js$/ }, ({ path }) => {
        const contents = files.get(path);
        return contents === undefined ? undefined : { contents, loader: 'js' };
      });
    },
  };
}
