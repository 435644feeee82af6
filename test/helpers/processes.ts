/** What is left on the machine of a local Lambda: its processes, open files and memory, from Linux's /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** Processes whose parent is `pid`. */
export function childrenOf(pid: number): number[] {
  return processes().filter(child => parentOf(child) === pid);
}

/** Its command line, or nothing when there is no such process. */
export function commandOf(pid: number): string {
  return (readOrNothing(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ').trim();
}

/** Living processes of the group that `leader` leads or led. */
export function groupOf(leader: number): number[] {
  return processes().filter(pid => {
    const [, state, , group] =
      /^\d+ \(.*\) (\w) (\d+) (\d+)/.exec(readOrNothing(`/proc/${pid}/stat`) ?? '') ?? [];
    return Number(group) === leader && state !== 'Z';
  });
}

function processes(): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number);
}

function parentOf(pid: number): number | undefined {
  return Number(statusOf(pid)?.match(/^PPid:\s+(\d+)$/m)?.[1]);
}

/** `R`, `S`, `T` (stopped), `Z`…, or undefined when there is no such process. */
export function stateOf(pid: number): string | undefined {
  return statusOf(pid)?.match(/^State:\s+(\w)/m)?.[1];
}

/** Whether it has a handler of its own for the signal of that number; of one that has not, many signals are the end. */
export function handles(pid: number, signal: number): boolean {
  const [, caught] = /^SigCgt:\s+([0-9a-f]+)$/m.exec(statusOf(pid) ?? '') ?? [];
  return caught !== undefined && ((BigInt(`0x${caught}`) >> BigInt(signal - 1)) & 1n) === 1n;
}

/** Resident set in MiB. */
export function residentOf(pid: number): number {
  return Number(statusOf(pid)?.match(/^VmRSS:\s+(\d+) kB$/m)?.[1]) / 1024;
}

/** Open file descriptors, sockets included. */
export function openFilesOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

function statusOf(pid: number): string | undefined {
  return readOrNothing(`/proc/${pid}/status`);
}

function readOrNothing(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined; // It is gone.
  }
}
