/**
 * A folder that stands for what `publish-image` finds on a machine: commands on PATH that only write down how they were
 * called and answer as told, and an image registry in a file. The Terraform stand-in shares the registry and the
 * journal, so that one list tells who did what in which order.
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

/** How the commands answer, where it is not well. */
export interface Answers {
  /** Engines whose daemon or virtual machine is not started. */
  stopped?: readonly Engine[];
  /** Docker without the buildx plugin. */
  withoutBuildx?: boolean;
  /** What `--version` says, for engines in disguise, such as Podman as `docker`. */
  version?: string;
  /** How a build fails. */
  buildFails?: string;
  /** Architecture of what is built, as engines call it, in spite of --platform. */
  builds?: 'amd64' | 'arm64';
  /** `login` is refused. */
  loginFails?: boolean;
  /** How a push fails; `taken`: another machine has pushed the same tag in between. */
  pushFails?: string;
  pushTaken?: boolean;
  /** Account of the credentials. */
  account?: string;
  /** Why the doctor fails: with credentials of the kind, or with any. */
  doctorFails?: 'always' | 'with signatures';
  /** stderr of every `aws ecr` call, which then fails. */
  awsFails?: string;
}

export interface Command {
  /** A command line, as it arrived: the program's name first. */
  argv: string[];
  /** What was piped into it. */
  stdin?: string;
}

/** A change to a resource, by a provider. */
export interface Change {
  action: 'create' | 'update' | 'delete';
  type: string;
  name: string;
  attributes?: object;
}

export type Entry = Command | Change;

interface Registry {
  /** Repository, with its region where that is not the default → tag → digest. */
  [repository: string]: { [tag: string]: string };
}

function inRegion(repository: string, region: string): string {
  return region === REGION ? repository : `${region}/${repository}`;
}

/** What every Linux and macOS has and the script uses; nothing else is on PATH, above all no real engine. */
const TOOLS = 'bash basename cat cut dirname env find grep mktemp rm sha256sum shasum sort uname'.split(' ');

export class Machine {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** A new one, with these commands installed. */
  static create(commands: readonly string[]): Machine {
    const machine = new Machine(mkdtempSync(join(tmpdir(), 'machine-')));
    mkdirSync(machine.bin);
    for (const command of commands) machine.install(command);
    for (const tool of TOOLS) machine.#link(tool);
    return machine;
  }

  install(command: string): void {
    const program = fileURLToPath(new URL('command.ts', import.meta.url));
    // Half of the time of a start is TypeScript's, unless it is remembered.
    const cache = join(tmpdir(), 'publish-image-compile-cache');
    const start = `NODE_COMPILE_CACHE='${cache}' exec '${process.execPath}' '${program}' '${this.folder}'`;
    writeFileSync(join(this.bin, command), `#!/bin/sh\n${start} ${command} "$@"\n`, { mode: 0o755 });
  }

  #link(tool: string): void {
    const places = (process.env.PATH ?? '').split(delimiter).map(folder => join(folder, tool));
    const found = places.find(file => existsSync(file));
    if (found) symlinkSync(found, join(this.bin, tool));
  }

  /** PATH of the user of this machine. */
  get bin(): string {
    return join(this.folder, 'bin');
  }

  get answers(): Answers {
    return this.#read('answers.json', {});
  }

  set answers(answers: Answers) {
    this.#write('answers.json', answers);
  }

  /** Everything that was done here, in order. */
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

  /** Tag → digest, or undefined where there is no such repository. */
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

  /** Whatever the engines have to remember. */
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
