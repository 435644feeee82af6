/** Vitest's global setup: builds the fixture app once per run, into the folder that `startApp` runs. */
import { spawnSync } from 'node:child_process';
import { FIXTURE_APP, FIXTURE_DIST, ROOT } from './local-lambda.ts';

export default function buildFixture(): void {
  // Set by tests that run vitest inside a run, whose build must not be replaced.
  if (process.env.FIXTURE_IS_BUILT) return;
  const { RUNTIME_CLIENT } = process.env; // `npm run test:all`
  const client = RUNTIME_CLIENT ? ['--client', RUNTIME_CLIENT] : [];
  const args = ['scripts/build/build.ts', '--app', FIXTURE_APP, '--out', FIXTURE_DIST, ...client];
  const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) throw new Error('The fixture app could not be built; the reason is above.');
}
