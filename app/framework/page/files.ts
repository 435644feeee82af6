/**
 * The files of the page: one style sheet, its script with modules that it loads, an icon. Their names say what is in them, so
 * that a browser can cache them without a limit; they are compressed when they are made (scripts/build/browser-assets.ts),
 * never here.
 */
import { readFile } from 'node:fs/promises';
import type { EndpointContext } from '../endpoint-context.ts';

/** The names of what is served, as scripts/build/browser-assets.ts writes them to page/files.json. */
export interface PageFiles {
  style: string;
  script: string;
  icon: string;
  /** Modules that the script imports at once. */
  preload: string[];
  /** Modules that it imports when it needs them. */
  onDemand: string[];
}

const TYPES: Record<string, string> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml; charset=utf-8',
};

/** Beside the built module; where the sources run as they are, where a build has put them. */
export const folder = new URL(
  import.meta.url.endsWith('.ts') ? '../../../dist/page/' : './page/',
  import.meta.url,
);

let known: Promise<PageFiles> | undefined;

/** Rejects when they have not been made: then nothing was built. */
export function pageFiles(): Promise<PageFiles> {
  known ??= readFile(new URL('files.json', folder), 'utf8').then(text => JSON.parse(text) as PageFiles);
  return known;
}

/** A file by its name; undefined when there is none of that name. */
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
