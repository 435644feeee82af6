/**
 * moto, which serves AWS's APIs on this machine, and the real AWS CLI, from requirements.txt. moto keeps its state in memory and
 * checks what AWS's API model says; it evaluates no IAM policies here.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Found } from '../../../helpers/skipped-suites.ts';
import { pythonPrograms } from '../install.ts';

/** Folder of the programs `aws` and `python`, which has moto. */
export function findAwsCli(): Promise<Found<string>> {
  return pythonPrograms('aws-cli', new URL('requirements.txt', import.meta.url), 'npm run test:aws-cli');
}

/** Account of everything that is created in moto. */
export const ACCOUNT = '123456789012';

export interface Moto {
  url: string;
  /** Resolves when the process has ended. */
  close(): Promise<void>;
}

/** Starts a server with nothing in it, on a free port. `programs` is what {@link findAwsCli} found. */
export async function startMoto(programs: string): Promise<Moto> {
  const script = fileURLToPath(new URL('moto_server.py', import.meta.url));
  const server = spawn(join(programs, 'python'), [script], { stdio: ['ignore', 'ignore', 'pipe'] });
  const url = await addressOf(server);
  return {
    url,
    async close() {
      const ended = once(server, 'exit');
      if (server.kill()) await ended;
    },
  };
}

/** Resolves when it listens. Rejects with what it has printed if it ends before. */
async function addressOf(server: ChildProcess): Promise<string> {
  const printed: string[] = [];
  if (!server.stderr) throw new Error('The output of moto is not read.');
  for await (const line of createInterface(server.stderr)) {
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
    if (url) {
      server.stderr.resume();
      return url;
    }
    printed.push(line);
  }
  throw new Error(`moto did not start:\n${printed.join('\n')}`);
}
