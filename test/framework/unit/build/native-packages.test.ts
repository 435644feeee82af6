/** Packages from the registry that cannot be bundled: native ones, and one that reads its WebAssembly. `npm run test:image` */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startDist } from '../../../helpers/local-lambda.ts';
import { ProjectCopy } from '../../../helpers/project-copy.ts';
import { describeWith, type Found } from '../../../helpers/skipped-suites.ts';

const run = promisify(execFile);
const PACKAGES = ['sharp@0.35.5', '@node-rs/crc32@1.10.6', 'sql.js@1.14.0'];

async function lookForRegistry(): Promise<Found<true>> {
  if (!process.env.REGISTRY_PACKAGES) return { missing: 'These install packages from the registry. Run: npm run test:image' };
  const ping = run('npm', ['ping', '--fetch-retries=0', '--fetch-timeout=10000']);
  return ping.then(
    () => ({ found: true as const }),
    () => ({ missing: 'The package registry cannot be reached. Connect to it, then run: npm run test:image' }),
  );
}
