/** The thread of runtime-client.ts that sends responses and errors to the Runtime API while the main thread waits. */
import { writeSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';
import type { RuntimePost } from './runtime-client.ts';

const agent = new Agent({ keepAlive: true });
const responded: Int32Array<SharedArrayBuffer> = workerData;

parentPort?.on('message', (message: RuntimePost) => {
  send(message)
    // Written synchronously: process.stderr of a thread needs the main thread, which waits.
    .catch(error => writeSync(2, `The Runtime API did not accept the response: ${error}\n`))
    .finally(() => {
      Atomics.store(responded, 0, 1);
      Atomics.notify(responded, 0);
    });
});

/** Sends the request and reads the response to its end. */
function send({ url, body, headers }: RuntimePost): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const length = String(Buffer.byteLength(body));
  const options = {
    agent,
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-length': length, ...headers },
  };
  request(url, options, response => {
    response.once('error', reject).once('end', () => {
      const { statusCode = 0 } = response;
      if (statusCode >= 200 && statusCode <= 299) resolve();
      else reject(new Error(`status ${statusCode}`));
    });
    response.resume();
  })
    .once('error', reject)
    .end(body);
  return promise;
}
