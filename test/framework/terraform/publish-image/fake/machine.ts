/**
 * A folder that imitates a machine for `publish-image`: commands on PATH that record their calls and return configured results, and
 * an image registry in a file. The fake Terraform provider uses the same registry and journal, so that one list has all operations
 * in their order.
 */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ACCOUNT = '123456789012';
export const REGION = 'eu-west-1';

export const ENGINES = ['docker', 'podman', 'finch'] as const;
export type Engine = (typeof ENGINES)[number];

/** Configured faults of the commands. */
export interface Answers {
  /** Engines whose daemon or virtual machine is not running. */
  stopped?: readonly Engine[];
  /** Docker without the buildx plugin. */
  withoutBuildx?: boolean;
  /** Output of `--version`, for an engine under another name, such as Podman as `docker`. */
  version?: string;
  /** Error of a build. */
  buildFails?: string;
  /** Architecture of built images, as engines name it, whatever --platform is. */
  builds?: 'amd64' | 'arm64';
  /** Whether `login` fails. */
  loginFails?: boolean;
  /** Error of a push; `taken`: another machine has pushed the same tag meanwhile. */
  pushFails?: string;
  pushTaken?: boolean;
  /** Account of the credentials. */
  account?: string;
  /** When the doctor fails: with credentials of this kind, or always. */
  doctorFails?: 'always' | 'with signatures';
  /** stderr of every `aws ecr` call, which then fails. */
  awsFails?: string;
}

export interface Command {
  /** The command line, with the program's name first. */
  argv: string[];
  /** The piped stdin. */
  stdin?: string;
}

/** A change of a resource by a provider. */
export interface Change {
  action: 'create' | 'update' | 'delete';
  type: string;
  name: string;
  attributes?: object;
}

export type Entry = Command | Change;

interface Registry {
  /** Digests by repository (with its region if that is not the default) and tag. */
  [repository: string]: { [tag: string]: string };
}

function inRegion(repository: string, region: string): string {
  return region === REGION ? repository : `${region}/${repository}`;
}

/** Programs of every Linux and macOS that the script uses. No other program is on PATH, in particular no real engine. */
const TOOLS = 'bash basename cat cut dirname env find grep mktemp rm sha256sum shasum sort uname'.split(' ');

export class Machine {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Creates a machine with these commands. */
  static create(commands: readonly string[]): Machine {
    const machine = new Machine(mkdtempSync(join(tmpdir(), 'machine-')));
    mkdirSync(machine.bin);
    for (const command of commands) machine.install(command);
    for (const tool of TOOLS) machine.#link(tool);
    return machine;
  }

  install(command: string): void {
    const program = fileURLToPath(new URL('command.ts', import.meta.url));
    // Caches compiled TypeScript, which otherwise takes half of the start time.
    const cache = join(tmpdir(), 'publish-image-compile-cache');
    const start = `NODE_COMPILE_CACHE='${cache}' exec '${process.execPath}' '${program}' '${this.folder}'`;
    writeFileSync(join(this.bin, command), `#!/bin/sh\n${start} ${command} "$@"\n`, { mode: 0o755 });
  }

  #link(tool: string): void {
    const places = (process.env.PATH ?? '').split(delimiter).map(folder => join(folder, tool));
    const found = places.find(file => existsSync(file));
    if (found) symlinkSync(found, join(this.bin, tool));
  }

  /** The PATH of this machine. */
  get bin(): string {
    return join(this.folder, 'bin');
  }

  get answers(): Answers {
    return this.#read('answers.json', {});
  }

  set answers(answers: Answers) {
    this.#write('answers.json', answers);
  }

  /** All operations on this machine, in order. */
  get journal(): Entry[] {
    const file = join(this.folder, 'journal.jsonl');
    if (!existsSync(file)) return [];
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line));
  }

  record(entry: Entry): void {
    appendFileSync(join(this.folder, 'journal.jsonl'), `${JSON.stringify(entry)}\n`);
  }

  /** Returns the digests by tag, or undefined if the repository does not exist. */
  tags(repository: string, region = REGION): { [tag: string]: string } | undefined {
    return this.#read<Registry>('registry.json', {})[inRegion(repository, region)];
  }

  setTags(repository: string, tags: { [tag: string]: string } | undefined, region = REGION): void {
    const registry = this.#read<Registry>('registry.json', {});
    const key = inRegion(repository, region);
    if (tags) registry[key] = tags;
    else delete registry[key];
    this.#write('registry.json', registry);
  }

  /** The state of the engines. */
  get engine(): { architecture?: string; registry?: string } {
    return this.#read('engine.json', {});
  }

  set engine(state: { architecture?: string; registry?: string }) {
    this.#write('engine.json', state);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }

  #read<T>(name: string, otherwise: T): T {
    const file = join(this.folder, name);
    return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : otherwise;
  }

  #write(name: string, content: object): void {
    writeFileSync(join(this.folder, name), JSON.stringify(content));
  }
}
