/**
 * Makes a local build find the same packages as the image: without this, dist/ in a project finds the project's node_modules, which
 * the image does not have. In the image no node_modules is above /var/task, so the hook is not installed there.
 */
import { existsSync, realpathSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Makes imports from `folder` fail if the package is outside of it, as they would in the image. */
export function refusePackagesOutside(folder: string): void {
  if (!isBelowNodeModules(folder)) return;
  const inside = [folder, realpathSync(folder)].map(each => pathToFileURL(each + sep).href);
  const isInside = (url: string): boolean => inside.some(each => url.startsWith(each));
  registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      const { parentURL } = context;
      const leaves = resolved.url.includes('/node_modules/') && !isInside(resolved.url);
      if (leaves && parentURL && isInside(parentURL)) throw new PackageNotInBuild(specifier, parentURL);
      return resolved;
    },
  });
}

/** Has the code of Node's own error, which packages check when they try to load an optional dependency. */
class PackageNotInBuild extends Error {
  override readonly name = 'PackageNotInBuild';
  readonly code = 'MODULE_NOT_FOUND';

  constructor(specifier: string, importer: string) {
    super(
      `Cannot find package '${specifier}', imported by ${fileURLToPath(importer)}: the build does not contain it. It is in the ` +
        `project's node_modules, which the image does not have. To copy it into the build, name it in a file of app/: ` +
        `import.meta.resolve('${specifier}')`,
    );
  }
}

function isBelowNodeModules(folder: string): boolean {
  for (let above = dirname(folder); ; above = dirname(above)) {
    if (existsSync(join(above, 'node_modules'))) return true;
    if (above === dirname(above)) return false;
  }
}
