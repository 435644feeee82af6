/**
 * Protects listeners that only the function (or the user's AWS client) may call from other programs on the developer's machine and
 * from web pages in its browsers. Every local process and every web page can reach loopback.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { isIP } from 'node:net';

type HeaderValue = string | string[] | undefined;

/** Headers that every browser sends to loopback. Node's fetch also sends Sec-Fetch-Mode. */
const BROWSER = /^(?:origin|sec-fetch-(?!mode$)[a-z-]+)$/;

/** Returns why a request is from a browser or for another host; undefined if it is neither. */
export function foreignRequest(headers: Readonly<Record<string, HeaderValue>>): string | undefined {
  const host = String(headers.host ?? '').replace(/:\d{1,5}$/, '');
  const name = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  // DNS rebinding: an attacker's name that resolves to loopback is neither localhost nor an IP address.
  if (name !== 'localhost' && isIP(name) === 0)
    return `The host ${JSON.stringify(host)} is not localhost or an IP address.`;
  const byBrowser = Object.keys(headers).find(header => BROWSER.test(header));
  return byBrowser && `Requests from browsers are denied (${byBrowser}).`;
}

/** A TCP connection, from the server's side. */
export interface Connection {
  localPort?: number | undefined;
  remotePort?: number | undefined;
}

/**
 * Returns whether the process `pid`, or another process of its group, has opened the connection, by Linux's /proc. Undefined if that
 * is unknown (macOS, Windows): then {@link foreignRequest} is the only check.
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
    return false; // The process has ended.
  }
}

/** Returns the running processes of the group of `leader`. */
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
    return undefined; // Closed in the meantime.
  }
}

function readOrNothing(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined; // No /proc, or the process has ended.
  }
}
