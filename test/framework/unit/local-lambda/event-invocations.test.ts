/** Asynchronous invocations by the AWS SDK's client: the queue, Lambda's retries, the maximum age, and the invocation records. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningLambda, startFunction } from '../../../helpers/local-lambda.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'events-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

type Json = Record<string, unknown>;
let files = 0;
const newFile = (): string => join(folder, String(++files));
const linesOf = (file: string): Json[] =>
  readFileSync(file, { encoding: 'utf8', flag: 'a+' })
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line));

async function lines(file: string, count: number): Promise<Json[]> {
  await expect.poll(() => linesOf(file).length).toBeGreaterThanOrEqual(count);
  return linesOf(file);
}

function clientOf({ invokeUrl }: RunningLambda): LambdaClient {
  const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'not-checked-here' };
  return new LambdaClient({ endpoint: invokeUrl, region: 'us-east-1', credentials, maxAttempts: 1 });
}

const asEvent = (lambda: RunningLambda, payload: unknown) =>
  clientOf(lambda).send(
    new InvokeCommand({
      FunctionName: 'local',
      InvocationType: 'Event',
      Payload: JSON.stringify(payload),
      ClientContext: Buffer.from('{"Custom":{}}').toString('base64'),
    }),
  );

async function started(...args: string[]) {
  const destination = newFile();
  const lambda = await startFunction('noted', {
    args: ['--invoke-port', '0', '--retry-delay', '0.3', '--destination', destination, ...args],
  });
  return { lambda, destination, [Symbol.asyncDispose]: () => lambda.close() };
}

test('an asynchronous invocation gets 202 before it runs, is retried twice if it fails, and is recorded as on AWS', async () => {
  await using run = await started();
  const { lambda, destination } = run;
  const file = newFile();
  const begun = Date.now();
  const { StatusCode, Payload } = await asEvent(lambda, { file, ms: 1_000 });
  expect([StatusCode, Payload?.length ?? 0]).toEqual([202, 0]);
  expect(linesOf(destination)).toHaveLength(0);
  const [done] = await lines(destination, 1);
  expect(Date.now() - begun).toBeGreaterThanOrEqual(1_000);
  const [{ awsRequestId } = {}] = linesOf(file);
  expect(done).toEqual({
    version: '1.0',
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    requestContext: {
      requestId: awsRequestId,
      functionArn: 'arn:aws:lambda:us-east-1:123456789012:function:local:$LATEST',
      condition: 'Success',
      approximateInvokeCount: 1,
    },
    requestPayload: { file, ms: 1_000 },
    responseContext: { statusCode: 200, executedVersion: '$LATEST' },
    responsePayload: { times: 1 },
  });

  const failing = newFile();
  await asEvent(lambda, { file: failing, does: ['throw', 'throw', 'throw', 'throw'] });
  const [, failed] = await lines(destination, 2);
  expect(failed).toMatchObject({
    requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 3 },
    responseContext: { functionError: 'Unhandled' },
    responsePayload: { errorType: 'RangeError', errorMessage: 'thrown the 3. time' },
  });
  expect(lambda.output()).toMatch(/is dropped \(RetriesExhausted\): it failed 3 time/);
  const attempts = linesOf(failing);
  expect(attempts).toHaveLength(3);
  expect(new Set(attempts.map(attempt => attempt.awsRequestId)).size).toBe(1);
  const [first = 0, second = 0, third = 0] = attempts.map(({ at }) => Number(at));
  expect(second - first).toBeGreaterThanOrEqual(290);
  expect(third - second).toBeGreaterThanOrEqual(590);
});

test('an asynchronous invocation whose process exits or times out is retried in another process', async () => {
  await using run = await started('--timeout', '1');
  const file = newFile();
  await asEvent(run.lambda, { file, does: ['exit', 'hang'] });
  const [record] = await lines(run.destination, 1);
  expect(record).toMatchObject({
    requestContext: { condition: 'Success', approximateInvokeCount: 3 },
    responsePayload: { times: 3 },
  });
  expect(new Set(linesOf(file).map(({ pid }) => pid)).size).toBe(3);
});

test('an asynchronous invocation is retried at the concurrency limit until an environment is free or its maximum age is reached', async () => {
  await using run = await started('--concurrency', '1', '--event-age', '4');
  const { lambda, destination } = run;
  const [long, waiting, late] = [newFile(), newFile(), newFile()];
  await asEvent(lambda, { file: long, ms: 700 });
  await asEvent(lambda, { file: waiting });
  await lines(destination, 2);
  expect(linesOf(waiting)).toHaveLength(1);
  // A synchronous call occupies the only environment for longer than the maximum age of an event.
  const occupied = newFile();
  const call = clientOf(lambda).send(
    new InvokeCommand({ FunctionName: 'local', Payload: JSON.stringify({ file: occupied, ms: 8_000 }) }),
  );
  await lines(occupied, 1);
  await asEvent(lambda, { file: late });
  const records = await lines(destination, 3);
  expect(records[2]).toMatchObject({
    requestContext: { condition: 'EventAgeExceeded', approximateInvokeCount: 0 },
    requestPayload: { file: late },
  });
  expect(records[2]).not.toHaveProperty('responsePayload');
  expect(linesOf(late)).toHaveLength(0);
  await call;
});

test('40 parallel asynchronous invocations all run, and a synchronous call runs meanwhile', async () => {
  await using run = await started('--environments', '3', '--retry-attempts', '0');
  const { lambda, destination } = run;
  const file = newFile();
  await Promise.all(Array.from({ length: 40 }, () => asEvent(lambda, { file, ms: 150 })));
  const { Payload } = await clientOf(lambda).send(
    new InvokeCommand({ FunctionName: 'local', Payload: JSON.stringify({ file: newFile() }) }),
  );
  expect(JSON.parse(Buffer.from(Payload ?? []).toString())).toEqual({ times: 1 });
  expect(linesOf(destination).length).toBeLessThan(40);
  await lines(destination, 40);
  expect(linesOf(file)).toHaveLength(40);
});

test('an asynchronous invocation over 1 MB is rejected, and one that has not run at shutdown is logged as lost', async () => {
  await using run = await started();
  await expect(asEvent(run.lambda, { file: 'x'.repeat(1024 * 1024) })).rejects.toMatchObject({
    name: 'RequestTooLargeException',
  });
  const file = newFile();
  await asEvent(run.lambda, { file, does: ['hang'] });
  await lines(file, 1);
  await run.lambda.close();
  expect(run.lambda.output()).toContain('1 asynchronous invocation(s) were not completed and are lost.');
  expect(linesOf(run.destination)).toHaveLength(0);
});
