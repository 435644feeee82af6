/**
 * The changes to dependencies that are written as diffs, in the folders next to this file.
 *
 * A diff has one reason. Its header names the package and version that it applies to, the reason, the measured gain, and a
 * text for the upstream report. Diffs change no file on disk: see patched-files.ts.
 */
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { applyPatch, parsePatch, type StructuredPatch } from 'diff';

const here = dirname(fileURLToPath(import.meta.url));

export interface Diff {
  /** The file, relative to this folder. */
  name: string;
  package: string;
  version: string;
  reason: string;
  gain: string;
  upstream: string;
  /** One for each file of the package that it changes. */
  changes: readonly StructuredPatch[];
}

/** Changed files of dependencies: their text by absolute path. */
export type PatchedFiles = Map<string, string>;

/** A dependency differs from the text that a diff or a rewrite expects. */
export class PatchError extends Error {
  override readonly name = 'PatchError';

  constructor(patch: string, installed: string, what: string) {
    super(
      `scripts/build/patches/${patch} does not fit ${installed}: ${what}. Adapt or delete it, or build without any of ` +
        'them: node scripts/build/build.ts --no-patches',
    );
  }
}

/** Reads the diffs in the order in which they are applied: by name. */
export function readDiffs(): Diff[] {
  const names = readdirSync(here, { recursive: true, encoding: 'utf8' }).filter(name =>
    name.endsWith('.diff'),
  );
  return names.sort().map(name => parseDiff(name, readFileSync(join(here, name), 'utf8')));
}

export function parseDiff(name: string, text: string): Diff {
  const field = (key: string): string => {
    const [, value] = new RegExp(`^${key}: (.+(?:\n  .+)*)$`, 'm').exec(text) ?? [];
    if (value === undefined) throw new TypeError(`${name} has no "${key}:" in its header.`);
    return value.replaceAll(/\n +/g, ' ');
  };
  const [, packageName = '', version = ''] = /^(.+)@(.+)$/.exec(field('Package')) ?? [];
  return {
    name,
    package: packageName,
    version,
    reason: field('Reason'),
    gain: field('Gain'),
    upstream: field('Upstream'),
    changes: parsePatch(text),
  };
}

/** Applies the diffs one after the other. Throws a {@link PatchError} unless every line of every hunk matches. */
export function applyDiffs(diffs: readonly Diff[]): PatchedFiles {
  const files: PatchedFiles = new Map();
  for (const diff of diffs) {
    const { folder, version } = installed(diff.package);
    for (const change of diff.changes) {
      const file = change.oldFileName?.replace(/^a\//, '') ?? '';
      const path = join(folder, file);
      const text = files.get(path) ?? readText(path);
      const changed = text !== undefined && applyPatch(text, change, { fuzzFactor: 0 });
      if (!changed) {
        const what = `${file} ${text === undefined ? 'is missing; it was in' : 'has other lines than in'} ${diff.version}`;
        throw new PatchError(diff.name, `${diff.package} ${version}`, what);
      }
      files.set(path, changed);
    }
  }
  return files;
}

/** The folder and version of an installed package. Links are resolved, as esbuild and Node do before they load a file. */
export function installed(name: string): { folder: string; version: string } {
  const file = findPackageJSON(name, import.meta.url);
  if (!file) throw new Error(`${name} is not installed.`);
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return { folder: dirname(realpathSync(file)), version };
}

/** Returns undefined if there is no such file. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
