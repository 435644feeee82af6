import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Holds invocations of the fixture functions.mjs. */
export interface Gate extends Disposable {
  /** Query for the handler `act`: the response is `one`, and after `open()` also `two`. */
  readonly query: string;
  open(): void;
}

export function createGate(): Gate {
  const folder = mkdtempSync(join(tmpdir(), 'gate-'));
  const file = join(folder, 'open');
  return {
    query: `do=untilFile&file=${encodeURIComponent(file)}`,
    open: () => writeFileSync(file, ''),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}
