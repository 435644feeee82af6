/**
 * Returns the relative URL from a page to the root of the app: `./`, `../`, or with the stage of a REST API. Relative, because a
 * proxy in front may add a path that the function does not see. `path` is the page's in the app, `callerPath` the one that the
 * browser requested.
 */
export function relativeRoot(path: string, callerPath: string): string {
  // A stage without a trailing slash, `/live`: for the browser, its page is a sibling of the root.
  if (path === '/' && !callerPath.endsWith('/')) return `./${callerPath.split('/').at(-1)}/`;
  const depth = path.split('/').length - 2;
  return depth > 0 ? '../'.repeat(depth) : './';
}
