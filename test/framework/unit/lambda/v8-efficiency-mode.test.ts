/** The time at which V8 is switched to efficiency mode, and the flag for it. */
import { spawnSync } from 'node:child_process';
import v8 from 'node:v8';
import { afterEach, beforeEach, expect, type MockInstance, test, vi } from 'vitest';
import { createPipeline, handlersOf } from '../../../../app/framework/lambda/create-handlers.ts';
import { efficiencyModeSwitch } from '../../../../app/framework/lambda/v8-efficiency-mode.ts';

const FLAG = '--efficiency-mode';
const turn = () => new Promise<void>(resolve => setImmediate(resolve));

let setFlags: MockInstance<typeof v8.setFlagsFromString>;
beforeEach(() => {
  setFlags = vi.spyOn(v8, 'setFlagsFromString').mockImplementation(() => undefined);
});
afterEach(() => void setFlags.mockRestore());

test('V8 is switched to efficiency mode once, in the event loop turn after the first response', async () => {
  const switchMode = efficiencyModeSwitch();
  switchMode({ memoryLimitInMB: '128' });
  expect(setFlags).not.toHaveBeenCalled();
  await turn();
  expect(setFlags).toHaveBeenCalledExactlyOnceWith(FLAG);
  for (let i = 0; i < 3; i += 1) switchMode({ memoryLimitInMB: '128' });
  await turn();
  expect(setFlags).toHaveBeenCalledOnce();
});

test('a pipeline switches to efficiency mode even if the first invocation failed', async () => {
  const handle = createPipeline(
    () => new Response('ok'),
    new Map([['/mcp', () => Promise.reject(new Error('no'))]]),
  );
  const { buffered } = handlersOf(handle);
  const job = { mcpBackgroundJob: { path: '/mcp', taskKey: 'key' } };
  const context = { memoryLimitInMB: '128', getRemainingTimeInMillis: () => 10_000 };
  await expect(buffered(job, context)).rejects.toThrow('no');
  await turn();
  expect(setFlags).toHaveBeenCalledExactlyOnceWith(FLAG);
});

test.each([
  ['128', 1],
  ['1768', 1],
  ['1769', 0],
  ['10240', 0],
  [undefined, 1],
])('with %s MB of memory, V8 is switched to efficiency mode %i times', async (memory, times) => {
  efficiencyModeSwitch()(memory === undefined ? undefined : { memoryLimitInMB: memory });
  await turn();
  expect(setFlags).toHaveBeenCalledTimes(times);
});

test('this V8 knows the flag of efficiency mode, and accepts it at runtime', () => {
  const script = `process.getBuiltinModule('node:v8').setFlagsFromString('${FLAG}'); console.log('runs on');`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  expect(stdout).toBe('runs on\n');
  expect(stderr).toBe('');
  const known = spawnSync(process.execPath, ['--v8-options'], { encoding: 'utf8' }).stdout;
  expect(known).toMatch(new RegExp(`^ +${FLAG} `, 'm'));
});
