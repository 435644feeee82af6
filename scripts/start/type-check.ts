/** Runs tsc in the background. The build strips types without checking them, so type errors are printed and do not block. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';

/**
 * Returns the type errors in app/. Returns none if `signal` aborts, which ends tsc: its files may have changed while it ran.
 */
export async function typeErrors(root: string, signal: AbortSignal): Promise<string[]> {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const tsc = spawn(process.execPath, [compiler, '--noEmit', '--pretty', 'false'], {
    cwd: root,
    signal,
    // tsc handles SIGTERM, and ends only after it has checked everything.
    killSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  // The function and its next build need the CPU first.
  if (tsc.pid) setPriority(tsc.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  let output = '';
  tsc.stdout.on('data', chunk => (output += chunk));
  try {
    await once(tsc, 'close');
  } catch (error) {
    if (signal.aborted) return [];
    throw error;
  }
  return signal.aborted ? [] : output.split('\n').filter(line => line.startsWith('app/'));
}
