/**
 * `npm run dev`: runs the app on @hono/node-server (dev/serve.ts), without a local Lambda, and restarts it when a file in app/ changes.
 * For the behavior of Lambda use `npm start`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { withEnvFile } from './start/env-file.ts';
import { watchFiles } from './start/watch-files.ts';

/** An editor writes a file in several steps. */
const QUIET_MS = 50;

let server = serve();
let restarted = Promise.resolve();
let timer: NodeJS.Timeout | undefined;
watchFiles(fileURLToPath(new URL('../app', import.meta.url)), () => {
  clearTimeout(timer);
  timer = setTimeout(() => {
    restarted = restarted.then(restart);
  }, QUIET_MS);
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)
  process.on(signal, () => process.exit(0));
process.once('exit', () => server.kill('SIGKILL'));

async function restart(): Promise<void> {
  const old = server;
  // The server listens on the same port again.
  if (old.kill('SIGKILL')) await once(old, 'exit');
  server = serve();
}

function serve(): ChildProcess {
  const script = fileURLToPath(new URL('dev/serve.ts', import.meta.url));
  const hooks = new URL('dev-hooks.ts', import.meta.url).href;
  return spawn(process.execPath, ['--import', hooks, script], {
    env: withEnvFile(fileURLToPath(new URL('..', import.meta.url))),
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
}
