/** Three-way merge of package.json, entry by entry. Everything outside the merged sections belongs to the project. */

/** Sections in which both the framework and the project have entries. */
const SECTIONS = [
  'imports',
  'engines',
  'scripts',
  'dependencies',
  'devDependencies',
  'overrides',
  'allowScripts',
] as const;

type Section = Record<string, unknown>;
type Package = Record<string, unknown>;

export interface Merged {
  text: string;
  /** One sentence per conflict. */
  conflicts: string[];
}

/** Returns `mine` with the changes from `base` to `theirs`, which is of the release `tag`. `base` may be missing. */
export function mergePackage(mine: string, base: string | undefined, theirs: string, tag: string): Merged {
  const merged = JSON.parse(mine) as Package;
  const [before, after] = [JSON.parse(base ?? '{}') as Package, JSON.parse(theirs) as Package];
  const conflicts: string[] = [];
  for (const name of SECTIONS) {
    const [section, old, next] = [sectionOf(merged, name), sectionOf(before, name), sectionOf(after, name)];
    for (const key of new Set([...Object.keys(old), ...Object.keys(next)])) {
      if (same(next[key], old[key]) || same(next[key], section[key])) continue;
      if (same(section[key], old[key])) assign(section, key, next[key]);
      else
        conflicts.push(
          `${name}.${key} is ${show(section[key])} here and ${show(next[key])} in ${tag}. Yours was kept.`,
        );
    }
    if (Object.keys(section).length > 0) merged[name] = section;
  }
  return { text: formatLike(mine, merged), conflicts };
}

function sectionOf(of: Package, name: string): Section {
  return { ...(of[name] as Section | undefined) };
}

function assign(section: Section, key: string, value: unknown): void {
  if (value === undefined) delete section[key];
  else section[key] = value;
}

function same(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

function show(value: unknown): string {
  return value === undefined ? 'absent' : JSON.stringify(value);
}

/** Returns the JSON text of `value` with the indentation and line ends of `text`. */
function formatLike(text: string, value: Package): string {
  const [, indent = '  '] = /^([ \t]+)"/m.exec(text) ?? [];
  const json = `${JSON.stringify(value, undefined, indent)}\n`;
  return text.includes('\r\n') ? json.replaceAll('\n', '\r\n') : json;
}
