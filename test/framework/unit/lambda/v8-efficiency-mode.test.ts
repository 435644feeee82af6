/** When the engine is told to be thrifty, and that it understands. */
import { spawnSync } from 'node:child_process';
import v8 from 'node:v8';
import { afterEach, beforeEach, expect, type MockInstance, test, vi } from 'vitest';
import { efficientAfterFirst } from '../../../../app/framework/lambda/v8-efficiency-mode.ts';

const FLAG = '--efficiency-mode';
const turn = () => new Promise<void>(resolve => setImmediate(resolve));

let told: MockInstance<typeof v8.setFlagsFromString>;
beforeEach(() => {
  told = vi.spyOn(v8, 'setFlagsFromString').mockImplementation(() => undefined);
});
afterEach(() => void told.mockRestore());

/** As the runtime's client calls it: event, stream, context. */
const answering = (memoryLimitInMB?: string) => {
  const handler = efficientAfterFirst(async (..._: unknown[]) => 'answer');
  return () => handler({}, {}, { ...(memoryLimitInMB !== undefined && { memoryLimitInMB }) });
};

test('after the first answer, once', async () => {
  const answer = answering('128');
  const first = answer();
  expect(told).not.toHaveBeenCalled();
  expect(await first).toBe('answer');
  expect(told).not.toHaveBeenCalled();
  await turn();
  expect(told).toHaveBeenCalledExactlyOnceWith(FLAG);
  for (let i = 0; i < 3; i += 1) await answer();
  await turn();
  expect(told).toHaveBeenCalledOnce();
});

test('also when that was none', async () => {
  const failing = efficientAfterFirst(async () => Promise.reject(new Error('no')));
  await expect(failing()).rejects.toThrow('no');
  await turn();
  expect(told).toHaveBeenCalledOnce();
});

test.each([
  ['128', 1],
  ['1768', 1],
  ['1769', 0],
  ['10240', 0],
  [undefined, 1],
])('with %s MB: %i times', async (memory, times) => {
  await answering(memory)();
  await turn();
  expect(told).toHaveBeenCalledTimes(times);
});

test('this V8 knows the flag, and takes it when it runs', () => {
  const script = `process.getBuiltinModule('node:v8').setFlagsFromString('${FLAG}'); console.log('runs on');`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  expect(stdout).toBe('runs on\n');
  expect(stderr).toBe('');
  const known = spawnSync(process.execPath, ['--v8-options'], { encoding: 'utf8' }).stdout;
  expect(known).toMatch(new RegExp(`^ +${FLAG} `, 'm'));
});
