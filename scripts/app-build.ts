/** How the app is bundled: for dist/, and readable for those who look into it (scripts/bench/profile.ts). */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildOptions } from 'esbuild';
import { leanSdk } from './lean-sdk.ts';

const sdk = dirname(fileURLToPath(import.meta.resolve('@modelcontextprotocol/server')));

/** Of everything that is bundled. */
export const COMMON: BuildOptions = {
  absWorkingDir: join(dirname(fileURLToPath(import.meta.url)), '..'),
  bundle: true,
  platform: 'node',
  target: 'node24',
  minify: true,
  keepNames: true,
  logLevel: 'warning',
};

export const APP: BuildOptions = {
  ...COMMON,
  entryPoints: ['app/lambda/start.ts'],
  plugins: [leanSdk],
  // The SDK's validator for runtimes without code generation, a sixth of the size of the one for Node. It is asked only
  // about elicitation answers and schemas given as JSON; zod schemas are checked by zod.
  alias: { '@modelcontextprotocol/server/_shims': join(sdk, 'shimsBrowser.mjs') },
};
