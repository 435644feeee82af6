/**
 * Environments that are restored from one snapshot share no random number. The test restores a virtual machine that runs the build
 * twice. A second function in it has an addon that does not reseed the generator: its values are the same in both restores.
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

// The CPU of the machine is emulated, which is slow.
vi.setConfig({ hookTimeout: 1_500_000 });

/** The driver in the machine, which uses the Runtime API of the local Lambda. */
const DRIVER = '/project/test/framework/snapshot/driver.ts';
const [SAFE, UNSAFE] = ['/safe', '/unsafe'];

/** The random values that the framework creates. */
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

  /** Writes a copy of the addon's source that does not reseed the generator. */
  function withoutSeed(): string {
    const source = readFileSync(SOURCE, 'utf8');
    const changed = source.replace('RAND_poll(),', '1,');
    expect(changed).not.toBe(source);
    const file = join(folder, 'unsafe.c');
    writeFileSync(file, changed);
    return file;
  }

  /** Returns the names of the values of the function in `where` that are the same in both restores. */
  function same(where: string): string[] {
    const [first = {}, second = {}] = restored.map(values => values[where]);
    expect(Object.keys(first)).toEqual(Object.keys(second));
    return Object.keys(first).filter(name => first[name] === second[name]);
  }

  test('have different random numbers of the kernel, as on Lambda', () => {
    expect(same('kernel')).toEqual([]);
  });

  test('have only different values if the addon reseeds the generator', () => {
    const names = Object.keys(restored[0]?.[SAFE] ?? {});
    expect(names).toEqual(expect.arrayContaining(OURS));
    expect(names.length).toBeGreaterThan(OURS.length + 10);
    expect(same(SAFE)).toEqual([]);
  });

  test('have the same random values if the addon does not reseed the generator', () => {
    expect(same(UNSAFE)).toEqual(expect.arrayContaining(OURS));
    console.log(`The same in both restores without the hook: ${same(UNSAFE).join(', ')}.`);
  });
});

/** Parses the lines `VALUES FOLDER JSON`. */
function valuesIn(text: string): Record<string, Values> {
  const lines = [...text.matchAll(/^VALUES (\S+) (\{.*\})\r?$/gm)];
  return Object.fromEntries(lines.map(([, where, json = '']) => [where, JSON.parse(json)]));
}
