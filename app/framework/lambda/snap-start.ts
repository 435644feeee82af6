/**
 * SnapStart: runs hooks at the end of init, waits for the snapshot, and runs hooks in each restored environment before its first
 * invocation. Loaded only for a function with SnapStart (entry.ts). aws-lambda-ric does not support SnapStart. Its first request
 * for an invocation ends init, so this protocol runs before that request:
 * https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-custom.html
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { enableSnapStart } from '../snap-start.ts';
import { loadCredentials } from './snap-start-credentials.ts';
import { replaceMathRandom, threadsWithoutCaches } from './snap-start-random.ts';

const RUNTIME_API = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;
/** Number of UUIDs that randomUUID() creates in advance. */
const UUIDS_KEPT = 128;
const NO_ADDON =
  'SnapStart needs reseed.node, which seeds the random generator again after a restore: without it, environments would share ' +
  'random numbers, ids and keys. The image always contains it. On this machine run "npm run native", then build again.';

type ErrorType = 'Runtime.BeforeSnapshotError' | 'Runtime.AfterRestoreError';

/** The part of the Runtime API client that this protocol needs. */
interface RuntimeClient {
  next(): Promise<unknown>;
}

const require = createRequire(import.meta.url);
const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** Prepares the process for SnapStart, before aws-lambda-ric and the app are loaded. */
export async function prepareSnapStart(): Promise<void> {
  const reseed = await orEnd('init/error', 'Runtime.BeforeSnapshotError', loadAddon);
  setVariables();
  const random = replaceMathRandom();
  const endThreadsOfInit = threadsWithoutCaches(pathOf('snap-start-thread.cjs'));
  const state = enableSnapStart();
  const connections = poolsOfNode();
  const renewCredentials = loadCredentials(state);
  await renewCredentials();

  async function beforeSnapshot(): Promise<void> {
    for (const hook of state.beforeSnapshot.toReversed()) await hook();
    endThreadsOfInit();
    connections.reset();
  }

  async function afterRestore(): Promise<void> {
    // First: everything after it may need random numbers.
    if (reseed() !== 1) throw new Error('The random generator cannot be seeded again (RAND_poll failed).');
    for (let i = 0; i < UUIDS_KEPT; i += 1) randomUUID();
    random.reset();
    await renewCredentials('now');
    for (const hook of state.afterRestore) await hook();
  }

  wrapRuntimeClient(async () => {
    await orEnd('init/error', 'Runtime.BeforeSnapshotError', async () => {
      await beforeSnapshot();
      await waitForRestore();
    });
    await orEnd('restore/error', 'Runtime.AfterRestoreError', afterRestore);
  }, renewCredentials);
}

function loadAddon(): () => number {
  try {
    return require('./reseed.node') as () => number;
  } catch (cause) {
    throw new Error(`${NO_ADDON} (${(cause as Error).message.split('\n')[0]})`, { cause });
  }
}

/**
 * Sets the names of the log, which Lambda does not set with SnapStart and which aws-lambda-ric requires for each invocation. Disables
 * the alternative client of aws-lambda-ric, which would skip the snapshot.
 */
function setVariables(): void {
  const { env } = process;
  env.AWS_LAMBDA_LOG_GROUP_NAME ||= `/aws/lambda/${env.AWS_LAMBDA_FUNCTION_NAME}`;
  env.AWS_LAMBDA_LOG_STREAM_NAME ||= `[${env.AWS_LAMBDA_FUNCTION_VERSION}]`;
  delete env.AWS_LAMBDA_NODEJS_USE_ALTERNATIVE_CLIENT_1;
}

/**
 * Makes the client of the Runtime API run `snapshot` before it requests the first invocation, and `renew` before it returns an
 * invocation. aws-lambda-ric gets the changed client, because it requires the same file later.
 */
function wrapRuntimeClient(snapshot: () => Promise<void>, renew: () => Promise<void>): void {
  const native = pathOf('ric/rapid-client.node');
  const file = existsSync(native) ? native : pathOf('ric/runtime-client.cjs');
  const client = require(file) as RuntimeClient;
  const loaded = require.cache[file];
  if (!loaded) throw new Error(`${file} is not in the cache of require().`);
  let restored: Promise<void> | undefined;
  loaded.exports = {
    ...client,
    async next() {
      restored ??= snapshot();
      await restored;
      const invocation = await client.next();
      await renew();
      return invocation;
    },
  };
}

/**
 * Resolves when this environment has been restored from the snapshot, which Lambda takes while the request waits. The connection is
 * not kept, because connections opened before the snapshot must not be used after it.
 */
async function waitForRestore(): Promise<void> {
  const { status, body } = await call('GET', 'restore/next');
  if (status !== 200) throw new Error(`The Runtime API responded to restore/next with ${status}: ${body}`);
}

/**
 * Returns a function that closes the connections that fetch, node:http and node:https keep for later requests. By the time of a
 * restore, the servers have closed them, and a request on such a connection would hang or fail. The app closes its own dispatchers
 * and agents in onSnapshot().
 */
function poolsOfNode(): { reset(): void } {
  void new Response(); // Makes Node load fetch and create its dispatcher.
  const keys = Object.getOwnPropertySymbols(globalThis)
    .filter(key => key.description?.startsWith(DISPATCHER))
    .sort((a, b) => versionOf(b) - versionOf(a));
  const initial = keys.map(key => globals[key]);
  const [agent] = initial as [Dispatcher?];
  if (!agent) throw new Error('The dispatcher of fetch was not found in this version of Node.');
  return {
    reset() {
      http.globalAgent.destroy();
      https.globalAgent.destroy();
      if (keys.some((key, index) => globals[key] !== initial[index])) return;
      // The newest version is the dispatcher itself; the others adapt it to older versions of undici.
      const fresh = new agent.constructor();
      for (const [index, key] of keys.entries())
        globals[key] = index === 0 ? fresh : new (initial[index] as Dispatcher).constructor(fresh);
      void agent.destroy();
    },
  };
}

interface Dispatcher {
  constructor: new (adapted?: Dispatcher) => Dispatcher;
  destroy(): Promise<void>;
}

const DISPATCHER = 'undici.globalDispatcher.';
const globals = globalThis as Record<symbol, unknown>;

function versionOf({ description = '' }: symbol): number {
  return Number(description.slice(DISPATCHER.length));
}

/** Reports a failure of `run` to the Runtime API and ends the process. */
async function orEnd<T>(path: string, type: ErrorType, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    console.error(`${type}:`, error);
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    const body = { errorMessage: message, errorType: type, stackTrace: stack?.split('\n') ?? [] };
    const header = { 'Lambda-Runtime-Function-Error-Type': type };
    const { status } = await call('POST', path, JSON.stringify(body), header);
    if (status !== 202) console.error(`The Runtime API responded to ${path} with ${status}.`);
    process.exit(1);
  }
}

function call(
  method: string,
  path: string,
  body = '',
  headers: Record<string, string> = {},
): Promise<{ status: number; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  const length = { 'content-length': String(Buffer.byteLength(body)) };
  const options = { method, agent: false, headers: { ...(body && length), ...headers } };
  http
    .request(`${RUNTIME_API}/${path}`, options, response => {
      const chunks: Buffer[] = [];
      response
        .on('data', chunk => chunks.push(chunk))
        .once('error', reject)
        .once('end', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
        );
    })
    .once('error', reject)
    .end(body);
  return promise;
}
