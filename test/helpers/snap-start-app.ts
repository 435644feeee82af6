/** Builds the app with SnapStart hooks (test/fixtures/snap-start-app) as in the image: with the addon. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ADDON, compileAddon } from '../../scripts/build/snap-start.ts';
import { ROOT } from './local-lambda.ts';
import type { Found } from './skipped-suites.ts';

const hasCompiler = spawnSync('gcc', ['--version']).status === 0;

/** The C compiler that the addon needs. */
export const COMPILER: Found<true> = hasCompiler
  ? { found: true }
  : {
      missing:
        'There is no gcc, so SnapStart’s addon was not compiled and not tested. Install gcc, then: npm run test:runtime-api, and npm test -- test/framework/unit/local-lambda/snap-start.test.ts',
    };

export interface SnapStartApp extends Disposable {
  /** The folder of the build, like dist/. */
  folder: string;
}

export function buildSnapStartApp(): SnapStartApp {
  const parent = mkdtempSync(join(tmpdir(), 'snap-start-'));
  const folder = join(parent, 'dist');
  const { RUNTIME_CLIENT } = process.env; // `npm run test:all`
  const client = RUNTIME_CLIENT ? ['--client', RUNTIME_CLIENT] : [];
  const args = [
    'scripts/build/build.ts',
    '--app',
    'test/fixtures/snap-start-app',
    '--out',
    folder,
    ...client,
  ];
  const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) throw new Error('The app with SnapStart hooks could not be built; the reason is above.');
  // A build without the native client has no addon, but the tests run with both clients.
  if (!existsSync(join(folder, ADDON))) compileAddon(folder);
  return { folder, [Symbol.dispose]: () => rmSync(parent, { recursive: true }) };
}
