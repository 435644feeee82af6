/** A copy of what a user edits and builds, with the packages of this one, to be changed and thrown away. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './local-lambda.ts';

const COPIED = [
  'app',
  'scripts/build',
  'scripts/new',
  'scripts/new.ts',
  'scripts/start.ts',
  'package-lock.json',
  'package.json',
  'tsconfig.json',
  'biome.json',
  '.gitignore',
];

export class ProjectCopy implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'project-'));

  constructor() {
    for (const name of COPIED) cpSync(join(ROOT, name), join(this.folder, name), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(this.folder, 'node_modules'));
  }

  read(file: string): string {
    return readFileSync(join(this.folder, file), 'utf8');
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}
