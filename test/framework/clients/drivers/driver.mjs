/**
 * What every driver shares: `node DRIVER.mjs URL [TOKEN]` lists the tools, calls lookup_many, and prints
 * one line, `RESULT {"tools":[…],"text":"…","progress":N}`; `progress` where the client tells it.
 */
import { realpathSync } from 'node:fs';

export const [, , url = '', token] = process.argv;
export const headers = token ? { Authorization: `Bearer ${token}` } : {};
/** More than are looked up at once, so that progress comes well before the result. */
const more = ['001', '002', '003', '004', '005', '006'].map(number => `term-${number}`);
export const args = { terms: ['tide', 'glacier', ...more] };

/** The file of a command that a package has installed, to be run by this Node. */
export function command(name) {
  return realpathSync(new URL(`../node_modules/.bin/${name}`, import.meta.url));
}

export function report(result) {
  process.stdout.write(`\nRESULT ${JSON.stringify(result)}\n`);
}
