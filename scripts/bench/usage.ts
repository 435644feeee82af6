/** What a process and its children have used so far, from Linux's /proc. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
import { readdirSync, readFileSync } from 'node:fs';
import { memoryUse } from '../../app/framework/local-lambda/memory.ts';

/** Of the clock that /proc counts in; fixed for what programs see (sysconf(_SC_CLK_TCK)). */
const MS_PER_TICK = 10;

interface Stat {
  pid: number;
  parent: number;
  /** Of the process, and of its children that have ended. */
  ticks: number;
  /** Of those, the children's. */
  endedTicks: number;
}

/** Processor time of `pid` and of all below it, living or ended, in ms. To the microsecond but for children that ended. */
export function cpuMs(pid: number): number {
  return tree(pid).reduce((sum, { pid: each, ticks, endedTicks }) => {
    const living = threadMs(each) ?? (ticks - endedTicks) * MS_PER_TICK;
    return sum + living + endedTicks * MS_PER_TICK;
  }, 0);
}

/** Of the threads of `pid`, by https://docs.kernel.org/scheduler/sched-stats.html; undefined where the kernel has none. */
function threadMs(pid: number): number | undefined {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const spent = threads.map(thread => readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8'));
    return spent.reduce((sum, text) => sum + Number(text.split(' ')[0]), 0) / 1e6;
  } catch {
    return undefined; // It has just ended, or this kernel does not count so.
  }
}

/** The highest resident sets of `pid` and of the living below it, added up, in MiB. */
export function peakRssMb(pid: number): number {
  return tree(pid).reduce((sum, stat) => sum + (memoryUse(stat.pid)?.max ?? 0), 0);
}

/** `root` and all processes below it. */
export function pidsOf(root: number): number[] {
  return tree(root).map(({ pid }) => pid);
}

function tree(root: number): Stat[] {
  const all = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => stat(Number(name)) ?? []);
  const below = (pid: number): Stat[] =>
    all.filter(({ parent }) => parent === pid).flatMap(child => [child, ...below(child.pid)]);
  return [...all.filter(({ pid }) => pid === root), ...below(root)];
}

function stat(pid: number): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined; // It has just ended.
  }
  // The name, in parentheses, may contain anything; the fields are counted from behind it: state is the third of all.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [utime = 0, stime = 0, cutime = 0, cstime = 0] = fields.slice(11, 15);
  return { pid, parent: fields[1] ?? 0, ticks: utime + stime + cutime + cstime, endedTicks: cutime + cstime };
}
