/** Compares project, base version and new version, and decides what happens to each file. Changes nothing. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tree, Upstream } from './git.ts';
import { type Merged, mergePackage } from './merge-package.ts';

/** Folders of the framework. An upgrade replaces them. */
export const FRAMEWORK = ['app/framework', 'scripts', 'terraform', 'test', '.ci'];
/** Files in these folders that belong to the project. */
const PROJECT_FILES =
  /^test\/servers\/|^terraform\/(.*\/)?(\.terraform(\/|\.lock\.hcl$)|[^/]*\.tf(vars|state)(\.|$))/;
/** Files in the root that both change. `package.json` is merged by entry, these are merged by line. */
const MERGED = [
  '.dockerignore',
  '.gitignore',
  '.npmrc',
  'Dockerfile',
  'biome.json',
  'tsconfig.json',
  'vitest.config.ts',
];

export interface Release {
  tag: string;
  files: Tree;
}

export interface Plan {
  /** Files of the framework to write. */
  write: string[];
  /** Files to delete. */
  remove: string[];
  /** Merged files and their new text. */
  merge: Map<string, string>;
  /** Files of the framework that the project has changed or added and that are now replaced or deleted. */
  overwritten: string[];
  /** Files in folders of the framework that are not part of it. They stay. */
  kept: string[];
  /** Sentences, by file. */
  conflicts: Map<string, string[]>;
}

export interface Sides {
  folder: string;
  mine: Tree;
  base: Release | undefined;
  next: Release;
  upstream: Upstream;
}

export function planUpgrade(sides: Sides): Plan {
  const { mine, base, next } = sides;
  const plan: Plan = {
    write: [],
    remove: [],
    merge: new Map(),
    overwritten: [],
    kept: [],
    conflicts: new Map(),
  };
  for (const [path, id] of next.files) if (isFramework(path) && mine.get(path) !== id) plan.write.push(path);
  for (const path of mine.keys()) {
    if (!isFramework(path) || next.files.has(path)) continue;
    if (base?.files.has(path) || path.startsWith('app/framework/')) plan.remove.push(path);
    else plan.kept.push(path);
  }
  plan.overwritten = [...plan.write, ...plan.remove].filter(
    path => base && mine.has(path) && mine.get(path) !== base.files.get(path),
  );
  mergeFile(sides, plan, 'package.json', mergeEntries);
  for (const path of MERGED) mergeFile(sides, plan, path, mergeLines);
  return plan;
}

/** Returns the files that the plan would overwrite although git does not have them. */
export function untracked({ folder, mine }: Sides, plan: Plan): string[] {
  return [...plan.write, ...plan.merge.keys()].filter(
    path => !mine.has(path) && existsSync(join(folder, path)),
  );
}

function isFramework(path: string): boolean {
  return FRAMEWORK.some(folder => path.startsWith(`${folder}/`)) && !PROJECT_FILES.test(path);
}

type Merge = (mine: string, base: string | undefined, theirs: string, sides: Sides) => Merged;

function mergeFile(sides: Sides, plan: Plan, path: string, merge: Merge): void {
  const { folder, mine, base, next, upstream } = sides;
  const [own, old, theirs] = [mine.get(path), base?.files.get(path), next.files.get(path)];
  if (theirs === old || theirs === own) return;
  const read = (release: Release): string => upstream.read(release.tag, path);
  if (theirs === undefined) {
    if (own === old) plan.remove.push(path);
    else if (own) plan.conflicts.set(path, [`changed here, deleted in ${next.tag}. It was kept.`]);
  } else if (own === undefined) {
    if (old) plan.conflicts.set(path, [`deleted here, changed in ${next.tag}. It was not written.`]);
    else plan.merge.set(path, read(next));
  } else {
    const text = readFileSync(join(folder, path), 'utf8');
    const merged = merge(text, base && old && read(base), read(next), sides);
    if (merged.text !== text) plan.merge.set(path, merged.text);
    if (merged.conflicts.length > 0) plan.conflicts.set(path, merged.conflicts);
  }
}

function mergeEntries(mine: string, base: string | undefined, theirs: string, { next }: Sides): Merged {
  return mergePackage(mine, base, theirs, next.tag);
}

function mergeLines(
  mine: string,
  base: string | undefined,
  theirs: string,
  { upstream, next }: Sides,
): Merged {
  const { text, conflicts } = upstream.merge(mine, base ?? '', theirs, next.tag);
  return { text, conflicts: conflicts > 0 ? [`${conflicts} × <<<<<<< ... >>>>>>> in the file.`] : [] };
}
