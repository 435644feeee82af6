/** Copies the files of this repository that a deployment needs: the sources of the image, and the configuration. */
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';

const COPIED = [
  '.dockerignore',
  'Dockerfile',
  'app',
  'package-lock.json',
  'package.json',
  'scripts',
  'terraform',
  'tsconfig.json',
];

export function copySources(from: string, to: string): void {
  for (const name of COPIED) {
    const source = join(from, name);
    if (existsSync(source)) cpSync(source, join(to, name), { recursive: true, filter: isSource });
  }
}

/** Excludes installed packages, and files that Terraform writes into a configuration. */
export function isSource(path: string): boolean {
  return !/\/(node_modules|\.terraform|[^/]+\.(tfstate|tfvars)\b)[^/]*$/.test(path);
}
