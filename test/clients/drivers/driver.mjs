/**
 * What every driver shares: `node DRIVER.mjs URL [TOKEN]` lists the tools, calls compare_weather for two places, and prints
 * one line, `RESULT {"tools":[…],"text":"…","progress":N}`; `progress` where the client tells it.
 */
import { realpathSync } from 'node:fs';

export const [, , url = '', token] = process.argv;
export const headers = token ? { Authorization: `Bearer ${token}` } : {};
export const args = { locations: ['Berlin', 'Paris, France'] };

/** The file of a command that a package has installed, to be run by this Node. */
export function command(name) {
  return realpathSync(new URL(`../node_modules/.bin/${name}`, import.meta.url));
}

export function report(result) {
  process.stdout.write(`\nRESULT ${JSON.stringify(result)}\n`);
}
