/**
 * Loaded first by each worker thread that starts during init with SnapStart: makes it read random values without caching
 * them, because no hook runs in the thread after a restore.
 */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { replaceMathRandom } from './snap-start-random.ts';

replaceMathRandom(2);

const { randomUUID } = crypto;
const uncached = (): ReturnType<typeof randomUUID> => randomUUID({ disableEntropyCache: true });
crypto.randomUUID = uncached;
Object.defineProperty(Object.getPrototypeOf(globalThis.crypto), 'randomUUID', { value: uncached });
syncBuiltinESMExports();
