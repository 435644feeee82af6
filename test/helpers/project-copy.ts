/**
 * A temporary copy of the files that a user edits and builds. Its app is the fixture app, so that a test does not depend on the files
 * of a user in app/; node_modules is a link to this project's.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FIXTURE_APP, ROOT } from './local-lambda.ts';

const COPIED = [
  'app/framework',
  'scripts/build',
  'scripts/dev',
  'scripts/dev-hooks.ts',
  'scripts/dev.ts',
  'scripts/new',
  'scripts/new.ts',
  'scripts/node/package.json',
  'scripts/packaged-node.mjs',
  'scripts/run.mjs',
  'scripts/start',
  'scripts/start.ts',
  'scripts/test-packages.mjs',
  'package-lock.json',
  'package.json',
  'tsconfig.json',
  'biome.json',
  '.gitignore',
  '.dockerignore',
  'Dockerfile',
];

export class ProjectCopy implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'project-'));

  constructor() {
    for (const name of COPIED) cpSync(join(ROOT, name), join(this.folder, name), { recursive: true });
    cpSync(join(ROOT, FIXTURE_APP), join(this.folder, 'app'), { recursive: true });
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
