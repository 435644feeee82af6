/**
 * Keeps other programs on the developer's machine, and web pages in its browsers, away from the listeners that only the function
 * (or a person's AWS client) may call. Loopback alone is no boundary: every local process reaches it, and so does a page.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { isIP } from 'node:net';

type HeaderValue = string | string[] | undefined;

/** Sent by every browser to loopback; Node's fetch sends Sec-Fetch-Mode as well. */
const BROWSER = /^(?:origin|sec-fetch-(?!mode$)[a-z-]+)$/;

/** Returns why a request cannot be a program's own; undefined if it may be. */
export function foreignRequest(headers: Readonly<Record<string, HeaderValue>>): string | undefined {
  const host = String(headers.host ?? '').replace(/:\d{1,5}$/, '');
  const name = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  // A name that an attacker's DNS resolves to loopback (DNS rebinding) is neither.
  if (name !== 'localhost' && isIP(name) === 0)
    return `The host ${JSON.stringify(host)} is not this machine's.`;
  const byBrowser = Object.keys(headers).find(header => BROWSER.test(header));
  return byBrowser && `Requests from browsers are refused (${byBrowser}).`;
}

/** A TCP connection, from the server's side. */
export interface Connection {
  localPort?: number | undefined;
  remotePort?: number | undefined;
}

/**
 * Whether the process `pid`, or another one of its process group, has opened the connection; by Linux's /proc. Undefined where that
 * cannot be found out (macOS, Windows): then {@link foreignRequest} is the only check.
 */
export function openedBy(pid: number, { localPort, remotePort }: Connection): boolean | undefined {
  // A dual-stack socket to 127.0.0.1 is in tcp6.
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map(readOrNothing).filter(table => table !== undefined);
  if (tables.length === 0) return undefined;
  const [from, to] = [remotePort, localPort].map(
    port => `:${(port ?? 0).toString(16).toUpperCase().padStart(4, '0')}`,
  );
  const rows = tables.flatMap(table => table.split('\n')).map(line => line.trim().split(/\s+/));
  const inode = rows.find(
    ([, local = '', remote = '']) => local.endsWith(from ?? '') && remote.endsWith(to ?? ''),
  )?.[9];
  if (inode === undefined || inode === '0') return false;
  return hasSocket(pid, inode) || groupOf(pid).some(member => hasSocket(member, inode));
}

function hasSocket(pid: number, inode: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some(fd => linkOf(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`);
  } catch {
    return false; // The process is gone.
  }
}

/** Living members of the process group that `leader` leads. */
function groupOf(leader: number): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(pid => {
      const [, group] = /^\d+ \(.*\) \w \d+ (\d+)/s.exec(readOrNothing(`/proc/${pid}/stat`) ?? '') ?? [];
      return Number(group) === leader;
    });
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined; // Closed meanwhile.
  }
}

function readOrNothing(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined; // No /proc, or the process is gone.
  }
}
