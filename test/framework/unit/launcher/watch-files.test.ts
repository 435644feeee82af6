/** The watcher of `npm start` and `npm run dev`. */
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { watchFiles } from '../../../../scripts/start/watch-files.ts';

function watched(): { folder: string; changed: string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'watched-'));
  mkdirSync(join(folder, 'servers'));
  writeFileSync(join(folder, 'servers/dice.ts'), '1');
  const changed: string[] = [];
  watchFiles(folder, file => changed.push(file));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return { folder, changed };
}

test.each<[string, (folder: string) => void]>([
  [
    'removed and created again',
    folder => {
      rmSync(join(folder, 'servers'), { recursive: true });
      mkdirSync(join(folder, 'servers'));
    },
  ],
  [
    'replaced by renames',
    folder => {
      mkdirSync(join(folder, 'new'));
      renameSync(join(folder, 'servers'), join(folder, 'old'));
      renameSync(join(folder, 'new'), join(folder, 'servers'));
    },
  ],
])('the watcher reports an edit in a folder that was %s', async (_name, replace) => {
  const { folder, changed } = watched();
  replace(folder);
  // The watcher may miss an edit until it has noticed the new folder, so the edit is repeated.
  await expect
    .poll(() => {
      appendFileSync(join(folder, 'servers/coin.ts'), '2');
      return changed.filter(file => file === 'servers/coin.ts').length;
    })
    .toBeGreaterThan(2);
});

test('the watcher continues if a folder is removed before it is read', async () => {
  const { folder, changed } = watched();
  for (let at = 0; at < 50; at += 1) {
    rmSync(join(folder, 'servers'), { recursive: true });
    mkdirSync(join(folder, 'servers/deep/deeper'), { recursive: true });
    await new Promise(setImmediate);
  }
  await expect
    .poll(() => {
      appendFileSync(join(folder, 'servers/deep/deeper/coin.ts'), '2');
      return changed.includes('servers/deep/deeper/coin.ts');
    })
    .toBe(true);
});
