/**
 * What happens when something fails where nobody waits for it: an unhandled rejection or an uncaught exception.
 *
 * Left alone, the Runtime Interface Client's process ends at once and whoever is being answered gets a 502 with no
 * reason. Here the fault is logged, the answer under way ends with a JSON-RPC error, and then the process ends, because
 * its state can no longer be trusted: Lambda starts a fresh environment for the next invocation.
 */
import { abortAll } from './invocation.ts';

/** How long an answer may take to end after a fault, in milliseconds. */
const LAST_ANSWER_MS = 1_000;

let faulty = false;
let answering = 0;

/** For the process of the function only: handlers on the process are global. */
export function installCrashHandlers(): void {
  process.on('unhandledRejection', reason => onFault('Unhandled promise rejection', reason));
  process.on('uncaughtException', error => onFault('Uncaught exception', error));
}

function onFault(kind: string, error: unknown): void {
  console.error(`${kind}: the environment is given up`, error);
  faulty = true;
  if (answering === 0) leave();
  setTimeout(leave, LAST_ANSWER_MS); // Whatever becomes of the answer.
  abortAll({
    code: -32603,
    message: 'Internal error: the server process failed. Its log says why; try again.',
  });
}

function leave(): void {
  process.exit(1);
}

type Handler<A extends unknown[], R> = (...args: A) => Promise<R>;

/** The handler, after which the process ends if a fault has come up meanwhile: when the answer is out, not before. */
export function exitAfterCrash<A extends unknown[], R>(handler: Handler<A, R>): Handler<A, R> {
  return async function faultAware(...args) {
    answering += 1;
    try {
      return await handler(...args);
    } finally {
      answering -= 1;
      if (faulty) await leaveWhenSent(args[1]);
    }
  };
}

/**
 * A response stream is sent when it says so. A buffered result is posted by a synchronous call that the client makes in
 * the next turn of the event loop, so leave in the turn after that.
 */
async function leaveWhenSent(responseStream: unknown): Promise<void> {
  const stream = responseStream as Partial<NodeJS.WritableStream & { writableFinished: boolean }>;
  if (typeof stream?.once !== 'function') {
    setImmediate(() => setImmediate(leave));
  } else if (stream.writableFinished) leave();
  else await new Promise(() => stream.once?.('finish', leave));
}
