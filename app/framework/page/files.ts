/**
 * The files of the page: a style sheet, a script with its modules, an icon. Their names contain a digest of their content, so
 * browsers can cache them permanently. The build compresses them (scripts/build/browser-assets.ts).
 */
import { readFile } from 'node:fs/promises';
import type { EndpointContext } from '../endpoint-context.ts';

/** The names of the files, which scripts/build/browser-assets.ts writes to page/files.json. */
export interface PageFiles {
  style: string;
  script: string;
  icon: string;
  /** Modules that the script imports at its start. */
  preload: string[];
  /** Modules that it imports on demand. */
  onDemand: string[];
}

const TYPES: Record<string, string> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml; charset=utf-8',
};

/** Next to the built module; if the sources run without a build, in dist/. */
export const folder = new URL(
  import.meta.url.endsWith('.ts') ? '../../../dist/page/' : './page/',
  import.meta.url,
);

let known: Promise<PageFiles> | undefined;

/** Returns the names of the files. Rejects if the page was not built. */
export function pageFiles(): Promise<PageFiles> {
  known ??= readFile(new URL('files.json', folder), 'utf8').then(text => JSON.parse(text) as PageFiles);
  return known;
}

/** Returns the response with a file; undefined if there is no file with this name. */
export async function fileResponse(
  name: string,
  request: Request,
  { binaryBodies }: EndpointContext,
): Promise<Response | undefined> {
  if (
    !Object.values(await pageFiles())
      .flat()
      .includes(name)
  )
    return undefined;
  const compressed = binaryBodies && /\bbr\b/.test(request.headers.get('accept-encoding') ?? '');
  const body = await readFile(new URL(compressed ? `${name}.br` : name, folder));
  return new Response(request.method === 'HEAD' ? null : body, {
    headers: {
      'content-type': TYPES[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      vary: 'accept-encoding',
      ...(compressed && { 'content-encoding': 'br' }),
    },
  });
}
