/**
 * A share of a vCPU, by a control group: version 2 (https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu) or 1.
 * Needs root. Lambda gives a function memory/1769 of a vCPU, in slices of 20 ms.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** A shorter one would wait in smaller steps, but a group gets no less than 1 ms of one: a fourteenth needs 14 and more. */
const PERIOD_US = 20_000;
/** Attempts to remove a group, and the time between them, in milliseconds. */
const REMOVALS = 500;
const REMOVAL_WAIT_MS = 20;
const V1 = '/sys/fs/cgroup/cpu';
const V2 = '/sys/fs/cgroup';

/** Control groups outlive the process that made them. */
const existing = new Set<CpuLimit>();
process.once('exit', () => {
  for (const limit of existing) limit[Symbol.dispose]();
});

export class CpuLimit implements Disposable {
  readonly #folder: string;

  /** Throws where control groups cannot be made. */
  constructor(share: number) {
    const old = existsSync(V1);
    this.#folder = `${old ? V1 : V2}/mcp-on-lambda-bench-${process.pid}`;
    mkdirSync(this.#folder, { recursive: true });
    existing.add(this);
    const quota = Math.round(PERIOD_US * share);
    try {
      if (old) {
        this.#write('cpu.cfs_period_us', PERIOD_US);
        this.#write('cpu.cfs_quota_us', quota);
      } else this.#write('cpu.max', `${quota} ${PERIOD_US}`);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Returns why no limit is possible on this machine; undefined if one is. */
  static obstacle(): string | undefined {
    try {
      new CpuLimit(0.5)[Symbol.dispose]();
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** Limits the processes, and those that they start from now on. */
  addAll(pids: readonly number[]): void {
    for (const pid of pids) this.#write('cgroup.procs', pid);
  }

  #write(file: string, value: string | number): void {
    writeFileSync(`${this.#folder}/${file}`, String(value));
  }

  /** Removes the group. Processes that are still ending go back to the parent group; the kernel needs a moment for that. */
  [Symbol.dispose](): void {
    for (let attempt = 1; ; attempt += 1) {
      this.#release();
      try {
        rmdirSync(this.#folder);
        existing.delete(this);
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EBUSY' || attempt === REMOVALS) throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, REMOVAL_WAIT_MS);
      }
    }
  }

  #release(): void {
    for (const pid of readFileSync(`${this.#folder}/cgroup.procs`, 'utf8').split('\n').filter(Boolean)) {
      try {
        writeFileSync(`${dirname(this.#folder)}/cgroup.procs`, pid);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // It has ended meanwhile.
      }
    }
  }
}
