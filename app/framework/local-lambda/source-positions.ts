/**
 * Replaces positions in a bundle by positions in its sources, in the output of a function, so that a stack trace names files and
 * lines of app/. The function itself does not load source maps, which would make every init longer.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Returns a function that replaces `FOLDER/FILE:LINE:COLUMN` in a text, for every FILE.map in the folder. Maps are read on first
 * use; `forget` reads them again after a build.
 */
export function createSourcePositions(folder: string): ((text: string) => string) & { forget(): void } {
  const maps = new Map<string, SourceMap>();
  const names = existsSync(folder) ? readdirSync(folder).filter(name => name.endsWith('.map')) : [];
  const files = names.map(name => join(folder, name.slice(0, -'.map'.length)));
  const places = files.flatMap(file => [[pathToFileURL(file).href, file] as const, [file, file] as const]);
  const position = new RegExp(
    `(${places.map(([text]) => RegExp.escape(text)).join('|')}):(\\d+):(\\d+)`,
    'g',
  );

  function inSources(text: string): string {
    if (!places.some(([place]) => text.includes(place))) return text;
    return text.replace(position, (all, place: string, line: string, column: string) => {
      const file = places.find(([known]) => known === place)?.[1] ?? '';
      const entry = mapOf(file)?.findEntry(Number(line) - 1, Number(column) - 1);
      return entry && 'originalSource' in entry
        ? `${shown(folder, entry.originalSource)}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
        : all;
    });
  }

  /** Returns the source map; undefined if the build was removed: the text is then printed unchanged. */
  function mapOf(file: string): SourceMap | undefined {
    const known = maps.get(file);
    if (known || !existsSync(`${file}.map`)) return known;
    const map = new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')));
    maps.set(file, map);
    return map;
  }

  return Object.assign(inSources, { forget: () => maps.clear() });
}

/** Returns the path relative to the current folder; outside of it, as in a container, without the leading `../`. */
function shown(folder: string, source: string): string {
  const path = relative(process.cwd(), resolve(folder, source));
  return path.startsWith('..') ? source.replace(/^(?:\.\.\/)+/, '') : path;
}
