/**
 * Environments that are restored from one snapshot share no random number: a virtual machine in which the build's own files run is
 * restored twice. A second function beside it has an addon that does not seed the generator again: its values are the same in both.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { compileAddon, SOURCE } from '../../../scripts/build/snap-start.ts';
import { ROOT } from '../../helpers/local-lambda.ts';
import { describeWith } from '../../helpers/skipped-suites.ts';
import { buildSnapStartApp, type SnapStartApp } from '../../helpers/snap-start-app.ts';
import { findVirtualMachine, Snapshot } from './virtual-machine.ts';

// The processor of the machine is emulated.
vi.setConfig({ hookTimeout: 1_500_000 });

/** The Runtime API is the local Lambda's. */
const DRIVER = '/project/test/framework/snapshot/driver.ts';
const [SAFE, UNSAFE] = ['/safe', '/unsafe'];

/** Everything that the framework makes itself. */
const OURS = [
  ...['task id', 'task lease', 'call lease', 'OAuth code', 'nonce of a sealed record', 'TLS client random'],
  'jitter (Math.random)',
];
type Values = Record<string, string>;

describeWith(findVirtualMachine())('two restores of one snapshot', ({ kernel }) => {
  let app: SnapStartApp | undefined;
  let snapshot: Snapshot | undefined;
  const folder = mkdtempSync(join(tmpdir(), 'uniqueness-'));
  const restored: Record<string, Values>[] = [];
  beforeAll(async () => {
    app = buildSnapStartApp();
    const unsafe = join(folder, 'unsafe');
    cpSync(app.folder, unsafe, { recursive: true });
    compileAddon(unsafe, withoutSeed());
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    snapshot = await Snapshot.take({
      kernel,
      files: {
        [SAFE]: app.folder,
        [UNSAFE]: unsafe,
        '/project/package.json': join(folder, 'package.json'),
        [DRIVER]: join(import.meta.dirname, 'driver.ts'),
        '/project/app/framework/local-lambda': join(ROOT, 'app/framework/local-lambda'),
      },
      args: [DRIVER, SAFE, UNSAFE],
    });
    for (let restore = 0; restore < 2; restore += 1) restored.push(valuesIn(await snapshot.restore()));
  });
  afterAll(() => {
    snapshot?.[Symbol.dispose]();
    app?.[Symbol.dispose]();
    rmSync(folder, { recursive: true });
  });

  /** The addon as it would be without its purpose. */
  function withoutSeed(): string {
    const source = readFileSync(SOURCE, 'utf8');
    const changed = source.replace('RAND_poll(),', '1,');
    expect(changed).not.toBe(source);
    const file = join(folder, 'unsafe.c');
    writeFileSync(file, changed);
    return file;
  }

  /** Names of values of the function in `where` that are the same in both restores. */
  function same(where: string): string[] {
    const [first = {}, second = {}] = restored.map(values => values[where]);
    expect(Object.keys(first)).toEqual(Object.keys(second));
    return Object.keys(first).filter(name => first[name] === second[name]);
  }

  test('have another random generator of the kernel, as on Lambda', () => {
    expect(same('kernel')).toEqual([]);
  });

  test('share no value with the hook', () => {
    const names = Object.keys(restored[0]?.[SAFE] ?? {});
    expect(names).toEqual(expect.arrayContaining(OURS));
    expect(names.length).toBeGreaterThan(OURS.length + 10);
    expect(same(SAFE)).toEqual([]);
  });

  test('share every value that is made of the generator’s numbers without it', () => {
    expect(same(UNSAFE)).toEqual(expect.arrayContaining(OURS));
    console.log(`The same in both restores without the hook: ${same(UNSAFE).join(', ')}.`);
  });
});

/** The lines `VALUES FOLDER JSON`. */
function valuesIn(text: string): Record<string, Values> {
  const lines = [...text.matchAll(/^VALUES (\S+) (\{.*\})\r?$/gm)];
  return Object.fromEntries(lines.map(([, where, json = '']) => [where, JSON.parse(json)]));
}
