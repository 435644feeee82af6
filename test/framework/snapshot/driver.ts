/**
 * Runs in the virtual machine: starts a function in each folder of its arguments and prints READY when all of them wait for a
 * restore. After a line on stdin, it restores them, calls the tool `random` of each and prints the values as `VALUES FOLDER JSON`.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { RuntimeApi, type RuntimeResponse } from '../../../app/framework/local-lambda/runtime-api.ts';

const NAME = 'function';
const MESSAGE = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'random', arguments: {} } };
/** The event of a Function URL. */
const EVENT = {
  version: '2.0',
  rawPath: '/mcp',
  rawQueryString: '',
  headers: {
    host: 'machine.invalid',
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  },
  requestContext: { domainName: 'machine.invalid', http: { method: 'POST', path: '/mcp' } },
  body: JSON.stringify(MESSAGE),
  isBase64Encoded: false,
};

/** Starts the function in `folder` and waits until it waits for a restore. Returns a function that restores it and returns its values. */
async function start(folder: string): Promise<() => Promise<string>> {
  const snapshot = Promise.withResolvers<void>();
  const idle = Promise.withResolvers<void>();
  const responded = Promise.withResolvers<RuntimeResponse>();
  const fail = (reason: unknown): void => {
    console.log(`FAILED ${folder} ${JSON.stringify(reason)}`);
    process.exit(1);
  };
  const listener = {
    snapshot: snapshot.resolve,
    idle: idle.resolve,
    response: responded.resolve,
    initError: fail,
    restoreError: fail,
  };
  const credentials = { AccessKeyId: 'AKIA', SecretAccessKey: 'secret', Token: '', token: 'token' };
  const api = new RuntimeApi(listener, undefined, credentials);
  const child = spawn(process.execPath, [`${folder}/entry.mjs`, 'handler.stream'], {
    cwd: folder,
    env: {
      AWS_LAMBDA_RUNTIME_API: await api.listen(),
      AWS_LAMBDA_INITIALIZATION_TYPE: 'snap-start',
      AWS_LAMBDA_FUNCTION_NAME: NAME,
      AWS_LAMBDA_FUNCTION_VERSION: '1',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
      LAMBDA_TASK_ROOT: folder,
      MCP_AUTH: 'none',
      PATH: '/bin',
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  child.once('exit', code => fail(`exit status ${code}`));
  await snapshot.promise;
  return async function restore() {
    api.restore();
    await idle.promise;
    const functionArn = `arn:aws:lambda:us-east-1:123456789012:function:${NAME}`;
    const invocation = { id: randomUUID(), payload: JSON.stringify(EVENT), functionArn, traceId: 'Root=1' };
    api.dispatch(invocation, Date.now() + 900_000);
    return resultOf(await responded.promise);
  };
}

/** Returns the text of the tool's result, which follows the prelude as a server-sent event. */
async function resultOf(response: RuntimeResponse): Promise<string> {
  if (response.kind !== 'streamed')
    throw new Error(`The function responded with ${JSON.stringify(response)}.`);
  const chunks: Buffer[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  const [, data] = /^data: (\{.*\})$/m.exec(Buffer.concat(chunks).toString()) ?? [];
  if (!data) throw new Error(`The response has no result: ${Buffer.concat(chunks)}`);
  return JSON.parse(data).result.content[0].text;
}

const folders = process.argv.slice(2);
const restores = await Promise.all(folders.map(async folder => [folder, await start(folder)] as const));
const lines = createInterface({ input: process.stdin });
console.log('READY');
await once(lines, 'line');
for (const [folder, restore] of restores) console.log(`VALUES ${folder} ${await restore()}`);
console.log(
  `VALUES kernel ${JSON.stringify({ uuid: readFileSync('/proc/sys/kernel/random/uuid', 'utf8').trim() })}`,
);
console.log('DONE');
