/**
 * Watches a folder and everything below it. Each folder has a separate watcher: Node's recursive watcher follows files by
 * their inode on Linux, so it misses a save by rename, as many editors do, and the files of a new folder.
 */
import { type FSWatcher, readdirSync, watch } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';

/** Hidden files, and temporary files that editors write while they save a file. */
const TEMPORARY = /^\.|~$|\.(?:tmp|swp|swx|bak)$|^4913$|^#/;

/** Calls `changed` for every change, with the file relative to `folder`. */
export function watchFiles(folder: string, changed: (file: string) => void): void {
  const watchers = new Map<string, FSWatcher>();

  /** Watches the folders that are new. Files in them may have been written before their folder was watched. */
  function addFolders(report: (file: string) => void): void {
    const current = foldersIn(folder);
    for (const path of current) {
      if (watchers.has(path)) continue;
      try {
        watchers.set(path, watchFolder(path));
        for (const entry of readdirSync(path, { withFileTypes: true }))
          if (entry.isFile() && !TEMPORARY.test(entry.name)) report(nameOf(join(path, entry.name)));
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    }
    for (const [path, watcher] of watchers) {
      if (current.includes(path)) continue;
      watcher.close();
      watchers.delete(path);
    }
  }

  function watchFolder(path: string): FSWatcher {
    const watcher = watch(path, (event, name) => {
      if (name === null || TEMPORARY.test(name)) return;
      // The folder itself was removed or renamed. Another one may have its name already.
      if (event === 'rename' && name === basename(path)) {
        watcher.close();
        watchers.delete(path);
      }
      addFolders(changed);
      const file = join(path, name);
      if (!watchers.has(file)) changed(nameOf(file));
    });
    // A watched folder that is removed is an error on Windows; its parent reports the removal.
    watcher.on('error', () => watcher.close());
    return watcher;
  }

  const nameOf = (file: string): string => relative(folder, file).split(sep).join('/');
  addFolders(() => undefined);
}

function foldersIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true }).filter(entry => entry.isDirectory());
    return [folder, ...entries.flatMap(({ name }) => foldersIn(join(folder, name)))];
  } catch (error) {
    if (!isGone(error)) throw error;
    return [];
  }
}

/** Whether the folder was removed after it was listed; its parent reports that. */
function isGone(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
