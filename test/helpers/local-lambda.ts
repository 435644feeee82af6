/**
 * Starts the local Lambda as a process on free loopback ports, as a developer does, and always stops it.
 *
 * `startFunction` runs the fixtures of test/fixtures with the Runtime Interface Client, without an app; `startApp` runs the build of
 * the fixture app (test/fixtures/app), which vitest's global setup and `npm run build:fixture` create.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = join(fileURLToPath(import.meta.url), '../../..');
const PATIENCE_MS = 300_000;
/** Packages that only tests need. */
export const TEST_PACKAGES = join(ROOT, 'test/packages/node_modules');
/** The fixture app and its build, relative to {@link ROOT}. */
export const FIXTURE_APP = 'test/fixtures/app';
export const FIXTURE_DIST = 'dist-test';
/** The build of the fixture app, with the same files as dist/, which is in the image. */
export const DIST = join(ROOT, FIXTURE_DIST);

export interface RunningLambda {
  /** `http://127.0.0.1:PORT` */
  url: string;
  /** URL of the Invoke API if `--invoke-port` is set, otherwise empty. */
  invokeUrl: string;
  /** Returns the output so far. */
  output(): string;
  /** Waits until the output matches `pattern`. Rejects after five minutes. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  process: ChildProcess;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface StartOptions {
  /** Flags, for example `['--timeout', '1']`. */
  args?: readonly string[];
  env?: Record<string, string>;
}

/** Starts a handler of a module in test/fixtures. */
export function startFunction(
  handler: string,
  { args = [], env }: StartOptions = {},
  module = 'functions',
): Promise<RunningLambda> {
  const folder = join(ROOT, 'test/fixtures');
  const { NODE_OPTIONS, TEST_BUNDLE } = process.env; // For `npm run test:bundle`, the fixture gets the hooks too.
  return start([LOCAL, `${module}.${handler}`, '--task-root', folder, ...args], {
    ...(TEST_BUNDLE && NODE_OPTIONS && { NODE_OPTIONS }),
    ...env,
  });
}

/** Starts the fixture app. */
export function startApp(
  { args = [], env }: StartOptions = {},
  handler = 'handler.stream',
): Promise<RunningLambda> {
  return start([ENTRY, handler, ...args], env);
}

/** Starts a build in another folder. */
export function startDist(folder: string, { args = [], env }: StartOptions = {}): Promise<RunningLambda> {
  return start([join(folder, 'entry.mjs'), 'handler.stream', ...args], env);
}

/** Returns a port that is free at this time, for settings that must contain it before the start. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const ENTRY = join(DIST, 'entry.mjs');
const LOCAL = join(DIST, 'local.mjs');

/** Processes to end with this process, in case the setup of a suite fails. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill();
});

async function start(args: readonly string[], env: Record<string, string> = {}): Promise<RunningLambda> {
  const child = spawn(process.execPath, [...args], {
    env: { PATH: process.env.PATH, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', chunk => {
      text += chunk;
      child.emit('printed');
    });
  }
  const printed = async (pattern: RegExp): Promise<RegExpExecArray> => {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const match = pattern.exec(text);
      if (match) return match;
      if (child.exitCode !== null) throw new Error(`The local Lambda ended with ${child.exitCode}:\n${text}`);
      await once(child, 'printed', { signal }).catch(() => {
        throw new Error(`Not printed within ${PATIENCE_MS} ms: ${pattern}. Printed was:\n${text}`);
      });
    }
  };
  const close = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  child.once('exit', () => child.emit('printed'));
  const [, url = ''] = await printed(/(?:ready|endpoint) at (http:\/\/[^/\s]+)/).catch(async error => {
    await close();
    throw error;
  });
  const [, invokeUrl = ''] = /Invoke API at (http:\/\/[^/\s]+)/.exec(text) ?? [];
  return { url, invokeUrl, output: () => text, printed, process: child, close, [Symbol.asyncDispose]: close };
}
