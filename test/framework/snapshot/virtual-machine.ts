/**
 * A virtual machine that can be restored from a snapshot several times, as Lambda restores an environment: Debian's kernel, which
 * reseeds its generator by the VM generation ID (VMGENID), and one program. It does not use KVM, because CI has none.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, type Socket } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Found } from '../../helpers/skipped-suites.ts';

const PACKAGES = 'qemu-system-x86 qemu-utils busybox-static cpio gcc';
const PROGRAMS = ['qemu-system-x86_64', 'qemu-img', 'cpio', 'gcc', 'apt-get', 'dpkg-deb'];
const BUSYBOX = '/bin/busybox';
const SNAPSHOT = 'ready';
const MEMORY_MB = 1024;

/** Returns the path of the kernel, fetched from Debian's archive if the cache does not have it; `missing` if this fails. */
export function findVirtualMachine(): Found<{ kernel: string }> {
  const lacking = PROGRAMS.filter(program => spawnSync('which', [program]).status !== 0);
  if (process.arch !== 'x64' || lacking.length > 0 || !existsSync(BUSYBOX))
    return {
      missing:
        `No virtual machine can be started here (${lacking.join(', ') || BUSYBOX}), so SnapStart’s uniqueness was not proved. On Debian, ` +
        `x86_64: apt-get install ${PACKAGES}, then: npm run test:snapshot`,
    };
  try {
    return { found: { kernel: kernel() } };
  } catch (error) {
    return {
      missing: `Debian’s kernel cannot be fetched, so SnapStart’s uniqueness was not proved: ${(error as Error).message}. Run apt-get update, then: npm run test:snapshot`,
    };
  }
}

/** The cloud kernel has no VMGENID. */
function kernel(): string {
  const depends = execFileSync('apt-cache', ['depends', 'linux-image-amd64'], { encoding: 'utf8' });
  const [, name] = /Depends: (linux-image-\S+)/.exec(depends) ?? [];
  if (!name) throw new Error('there is no package linux-image-amd64');
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mcp-on-lambda');
  const file = join(cache, `${name}-vmlinuz`);
  if (existsSync(file)) return file;
  const work = mkdtempSync(join(tmpdir(), 'kernel-'));
  try {
    chmodSync(work, 0o777); // apt-get downloads as another user.
    execFileSync('apt-get', ['download', '-qq', name], { cwd: work, stdio: 'pipe' });
    execFileSync('dpkg-deb', ['-x', globSync('*.deb', { cwd: work })[0] ?? '', 'package'], { cwd: work });
    const [image = ''] = globSync('package/boot/vmlinuz*', { cwd: work });
    mkdirSync(cache, { recursive: true });
    cpSync(join(work, image), `${file}-${process.pid}`);
    renameSync(`${file}-${process.pid}`, file);
    return file;
  } finally {
    rmSync(work, { recursive: true });
  }
}

export interface MachineOptions {
  kernel: string;
  /** By path in the machine, the file or folder to copy. Node is always in the machine. */
  files: Readonly<Record<string, string>>;
  /** Arguments for Node, the machine's one program. */
  args: readonly string[];
}

/** A snapshot of a machine, taken when its program printed READY. */
export class Snapshot implements Disposable {
  readonly #folder: string;
  readonly #kernel: string;

  private constructor(folder: string, kernel: string) {
    this.#folder = folder;
    this.#kernel = kernel;
  }

  static async take({ kernel, ...contents }: MachineOptions): Promise<Snapshot> {
    const folder = mkdtempSync(join(tmpdir(), 'snapshot-'));
    const snapshot = new Snapshot(folder, kernel);
    try {
      writeFileSystem(folder, contents);
      execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', join(folder, 'disk.qcow2'), '4G']);
      await using machine = await Machine.start(folder, kernel, []);
      await machine.printed(/^READY\r?$/m);
      await machine.monitor(`savevm ${SNAPSHOT}`);
      return snapshot;
    } catch (error) {
      snapshot[Symbol.dispose]();
      throw error;
    }
  }

  /** Restores the machine, lets its program continue and returns its output until DONE. */
  async restore(): Promise<string> {
    await using machine = await Machine.start(this.#folder, this.#kernel, ['-loadvm', SNAPSHOT]);
    machine.write('\n');
    return await machine.printed(/^DONE\r?$/m);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}

/** Writes the file system: Node with its libraries, and an init process that starts it. */
function writeFileSystem(folder: string, { files, args }: Omit<MachineOptions, 'kernel'>): void {
  const root = join(folder, 'root');
  for (const name of ['bin', 'proc', 'sys', 'dev', 'tmp']) mkdirSync(join(root, name), { recursive: true });
  const copy = (to: string, from: string): void => {
    mkdirSync(dirname(join(root, to)), { recursive: true });
    cpSync(from, join(root, to), { recursive: true, dereference: true });
  };
  copy(BUSYBOX, BUSYBOX);
  copy('/bin/node', process.execPath);
  const libraries = execFileSync('ldd', [process.execPath], { encoding: 'utf8' });
  for (const [, library = ''] of libraries.matchAll(/(\/\S+) \(0x/g)) copy(library, library);
  for (const [to, from] of Object.entries(files)) copy(to, from);
  const init = `#!${BUSYBOX} sh
for fs in proc:proc sysfs:sys devtmpfs:dev tmpfs:tmp; do ${BUSYBOX} mount -t \${fs%:*} none /\${fs#*:}; done
${BUSYBOX} ip link set lo up
${BUSYBOX} stty -F /dev/ttyS0 -echo raw
exec /bin/node ${args.join(' ')} </dev/ttyS0 >/dev/ttyS0 2>&1
`;
  writeFileSync(join(root, 'init'), init, { mode: 0o755 });
  execFileSync('sh', ['-c', 'find . | cpio -o -H newc --quiet > ../initrd'], { cwd: root });
  rmSync(root, { recursive: true });
}

/** A running machine. Its program's stdin and stdout are a serial port. */
class Machine implements AsyncDisposable {
  readonly #process: ReturnType<typeof spawn>;
  #serial: Socket | undefined;
  #control: Socket | undefined;
  #text = '';
  #replies = '';

  private constructor(process: ReturnType<typeof spawn>) {
    this.#process = process;
  }

  static async start(folder: string, kernel: string, more: readonly string[]): Promise<Machine> {
    const [serial, control] = [join(folder, 'serial'), join(folder, 'control')];
    for (const path of [serial, control]) rmSync(path, { force: true });
    const args = [
      ...[
        '-machine',
        'pc,accel=tcg',
        '-cpu',
        'max',
        '-m',
        String(MEMORY_MB),
        '-nodefaults',
        '-display',
        'none',
      ],
      ...['-no-reboot', '-kernel', kernel, '-initrd', join(folder, 'initrd')],
      // On a busy host the emulated timer is late, which the kernel would report as a fault.
      ...['-append', 'console=ttyS0 quiet no_timer_check rdinit=/init panic=-1'],
      ...[
        '-drive',
        `if=none,id=disk,file=${join(folder, 'disk.qcow2')},format=qcow2`,
        '-device',
        'ide-hd,drive=disk',
      ],
      // A new ID for each process, as on Lambda for each restore.
      ...['-device', 'vmgenid,guid=auto'],
      ...['-serial', `unix:${serial},server=on,wait=off`, '-qmp', `unix:${control},server=on,wait=off`],
      ...more,
    ];
    const child = spawn('qemu-system-x86_64', args, { stdio: ['ignore', 'inherit', 'inherit'] });
    const machine = new Machine(child);
    child.once('exit', () => child.emit('printed'));
    try {
      machine.#serial = await machine.#connect(serial, text => {
        machine.#text += text;
      });
      machine.#control = await machine.#connect(control, text => {
        machine.#replies += text;
      });
      await machine.#command({ execute: 'qmp_capabilities' });
      return machine;
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Waits until the output of the program matches `pattern`. Returns the complete output. */
  async printed(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.#text)) {
      if (/^FAILED|Kernel panic/m.test(this.#text) || !this.#alive)
        throw new Error(`The machine failed (${this.#exit}): ${this.#text}`);
      await once(this.#process, 'printed');
    }
    return this.#text;
  }

  write(text: string): void {
    this.#serial?.write(text);
  }

  /** Runs a command of QEMU's monitor. It returns text only if it fails. */
  async monitor(line: string): Promise<void> {
    const reply = await this.#command({
      execute: 'human-monitor-command',
      arguments: { 'command-line': line },
    });
    if (reply !== '') throw new Error(`qemu: ${line}: ${JSON.stringify(reply)}`);
  }

  /** https://www.qemu.org/docs/master/interop/qmp-spec.html */
  async #command(command: object): Promise<unknown> {
    this.#replies = '';
    this.#control?.write(`${JSON.stringify(command)}\n`);
    for (;;) {
      const [line] = this.#replies.match(/^\{"(?:return|error)".*\}\r?$/m) ?? [];
      if (line) return JSON.parse(line).return ?? JSON.parse(line);
      if (!this.#alive) throw new Error(`qemu has ended: ${this.#exit}`);
      await once(this.#process, 'printed');
    }
  }

  get #exit(): string {
    const { exitCode, signalCode } = this.#process;
    return this.#alive ? 'it runs' : `qemu: ${signalCode ?? `exit status ${exitCode}`}`;
  }

  get #alive(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  async #connect(path: string, take: (text: string) => void): Promise<Socket> {
    for (;;) {
      if (!this.#alive) throw new Error(`qemu has ended: ${this.#exit}`);
      const socket = connect(path);
      const opened = await once(socket, 'connect').then(Boolean, () => false);
      if (!opened) {
        await sleep(50); // qemu has not created the socket yet.
        continue;
      }
      socket.setEncoding('utf8').on('data', (text: string) => {
        take(text);
        this.#process.emit('printed');
      });
      socket.on('error', () => undefined); // The process ends, which is seen above.
      return socket;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#alive) return;
    const exit = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exit;
  }
}
