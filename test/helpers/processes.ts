/** Reads the processes, open files and memory of a local Lambda from Linux's /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** Returns the processes whose parent is `pid`. */
export function childrenOf(pid: number): number[] {
  return processes().filter(child => parentOf(child) === pid);
}

/** Returns the command line of a process; empty if it does not exist. */
export function commandOf(pid: number): string {
  return (readOrNothing(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ').trim();
}

/** Returns the running processes of the group whose leader is or was `leader`. */
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

/** Returns `R`, `S`, `T` (stopped), `Z`…, or undefined if the process does not exist. */
export function stateOf(pid: number): string | undefined {
  return statusOf(pid)?.match(/^State:\s+(\w)/m)?.[1];
}

/** Returns whether a process has a handler for a signal number. Without a handler, many signals end the process. */
export function handles(pid: number, signal: number): boolean {
  const [, caught] = /^SigCgt:\s+([0-9a-f]+)$/m.exec(statusOf(pid) ?? '') ?? [];
  return caught !== undefined && ((BigInt(`0x${caught}`) >> BigInt(signal - 1)) & 1n) === 1n;
}

/** Returns the resident set in MiB. */
export function residentOf(pid: number): number {
  return Number(statusOf(pid)?.match(/^VmRSS:\s+(\d+) kB$/m)?.[1]) / 1024;
}

/** Returns the number of open file descriptors, including sockets. */
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
    return undefined; // The process does not exist.
  }
}
