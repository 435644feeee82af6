/**
 * Creates the SBOM of the build, a CycloneDX 1.6 document, from the inputs of esbuild (its metafile), package-lock.json, the Runtime
 * Interface Client's list of its native parts, and the files themselves. No part of it is written by hand. https://cyclonedx.org/docs/1.6/json/
 *
 * It does not contain the packages of the base image: a scanner reads them from the image.
 */
import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

export interface SbomInput {
  /** Folder of package.json and package-lock.json. */
  root: string;
  /** The build; every file in it is listed. */
  folder: string;
  metafiles: readonly Metafile[];
  /** Packages that are copied as they are installed: their paths in package-lock.json. */
  copied: readonly string[];
  /** Folder of aws-lambda-ric, as installed, if its native part is in the build. */
  ric: string | undefined;
  /** The base image by tag or digest, if the build is for an image. */
  baseImage: string | undefined;
}

interface Component {
  type: 'application' | 'library' | 'platform' | 'container' | 'file';
  'bom-ref': string;
  name: string;
  version?: string;
  purl?: string;
  licenses?: object[];
  hashes?: { alg: string; content: string }[];
  externalReferences?: { type: string; url: string }[];
}

interface Locked {
  version: string;
  license?: string;
  integrity?: string;
}

export const SBOM_FILE = 'sbom.cdx.json';

/** Returns the document, with the same bytes for the same build. Throws if one of its packages is not in the lock file. */
export function sbom(input: SbomInput): string {
  const read = (file: string) => JSON.parse(readFileSync(join(input.root, file), 'utf8'));
  const { name, version, license } = read('package.json') as Record<string, string>;
  const { packages } = read('package-lock.json') as { packages: Record<string, Locked> };
  const application: Component = {
    type: 'application',
    'bom-ref': `pkg:npm/${name}@${version}`,
    name: String(name),
    version: String(version),
    licenses: licensed(license),
  };
  const components = [
    ...packagesIn(input.metafiles, input.copied).map(path => library(path, packages)),
    ...(input.ric ? nativeParts(input.ric) : []),
    platform(),
    ...(input.baseImage ? [base(input.baseImage)] : []),
    ...files(input.folder),
  ];
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: application },
    components: components.toSorted((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1)),
  };
  return `${JSON.stringify(document, null, 1)}\n`;
}

/** Returns the folders of packages that are bundled or copied, including the Runtime Interface Client. */
function packagesIn(metafiles: readonly Metafile[], copied: readonly string[]): string[] {
  const inputs = metafiles.flatMap(({ outputs }) =>
    Object.values(outputs).flatMap(output =>
      Object.entries(output.inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : [])),
    ),
  );
  // Named as in the lock file, even if the packages are links to another folder.
  const named = inputs.map(file => file.replace(/^.*?(?=node_modules\/)/, ''));
  const folders = named.map(file => /^node_modules\/(.*node_modules\/)?(@[^/]+\/)?[^/]+/.exec(file)?.[0]);
  return [...new Set([...folders, ...copied, 'node_modules/aws-lambda-ric'])].filter(
    folder => folder !== undefined,
  );
}

function library(path: string, packages: Record<string, Locked>): Component {
  const locked = packages[path];
  if (!locked) throw new Error(`${path} is in the build and not in package-lock.json: run npm ci.`);
  const name = path.replace(/^.*node_modules\//, '');
  const purl = `pkg:npm/${name.replace('@', '%40')}@${locked.version}`;
  const [, digest] = /^sha512-(.+)$/.exec(locked.integrity ?? '') ?? [];
  return {
    type: 'library',
    'bom-ref': path === `node_modules/${name}` ? purl : `${purl}#${path}`,
    name,
    version: locked.version,
    purl,
    licenses: licensed(locked.license),
    ...(digest && { hashes: [{ alg: 'SHA-512', content: Buffer.from(digest, 'base64').toString('hex') }] }),
  };
}

/** Returns one licence, or an expression of several. */
function licensed(license: string | undefined): object[] {
  if (!license) return [];
  return / (OR|AND|WITH) /.test(license) ? [{ expression: license }] : [{ license: { id: license } }];
}

/** Returns the libraries in rapid-client.node, from the file with their licences. node-gyp is not one of them: it only compiles. */
function nativeParts(ric: string): Component[] {
  const text = readFileSync(join(ric, 'THIRD-PARTY-LICENSES'), 'utf8');
  const listed = [...text.matchAll(/^\*\* (.+?); version (\S+) -- (\S+)$/gm)].map(
    ([, name = '', version = '', url = '']) => ({
      name,
      version,
      url,
    }),
  );
  const linked = listed.filter(({ name }) => name !== 'node-gyp');
  if (linked.length === 0) throw new Error('aws-lambda-ric no longer lists the parts of its native client.');
  return linked.map(({ name, version, url }) => {
    const purl = `pkg:generic/${name}@${version}`;
    const externalReferences = [{ type: 'vcs', url }];
    return { type: 'library', 'bom-ref': purl, name, version, purl, externalReferences };
  });
}

/** The Node that builds is also the one that runs: in the image both come from the same base. */
function platform(): Component {
  const { node: version } = process.versions;
  const purl = `pkg:generic/node@${version}`;
  return { type: 'platform', 'bom-ref': purl, name: 'node', version, purl, licenses: licensed('MIT') };
}

function base(image: string): Component {
  const [, name = image, version = ''] = /^(.+?)(?::([^/@]+))?(?:@.+)?$/.exec(image) ?? [];
  const [, digest] = /@sha256:([0-9a-f]{64})$/.exec(image) ?? [];
  return {
    type: 'container',
    'bom-ref': `container:${image}`,
    name,
    ...(version && { version }),
    ...(digest && { hashes: [{ alg: 'SHA-256', content: digest }] }),
  };
}

function files(folder: string): Component[] {
  return globSync('**/*', { cwd: folder, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name !== SBOM_FILE)
    .map(entry => {
      const path = join(entry.parentPath, entry.name);
      const name = path.slice(folder.length + 1);
      const content = createHash('sha256').update(readFileSync(path)).digest('hex');
      return { type: 'file', 'bom-ref': `file:${name}`, name, hashes: [{ alg: 'SHA-256', content }] };
    });
}
