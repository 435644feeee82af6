/**
 * Measures the memory of a process by Linux's /proc. On other systems it is not measured, and the limit is not enforced.
 * https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
 */
import { readFileSync } from 'node:fs';

/** Resident set of a process in MiB, current and maximum. */
export interface MemoryUse {
  now: number;
  max: number;
}

export function memoryUse(pid: number): MemoryUse | undefined {
  if (process.platform !== 'linux') return undefined;
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return undefined; // The process has just ended.
  }
  const now = kibibytes(status, 'VmRSS');
  const max = kibibytes(status, 'VmHWM');
  return now === undefined || max === undefined ? undefined : { now: now / 1024, max: max / 1024 };
}

function kibibytes(status: string, field: string): number | undefined {
  const [, value] = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status) ?? [];
  return value === undefined ? undefined : Number(value);
}
