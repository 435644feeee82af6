/**
 * Shared code of the drivers. `node DRIVER.mjs URL [TOKEN]` lists the tools, calls lookup_many, and prints one line,
 * `RESULT {"tools":[…],"text":"…","progress":N}`. `progress` is missing if the client does not report it.
 */
import { realpathSync } from 'node:fs';

export const [, , url = '', token] = process.argv;
export const headers = token ? { Authorization: `Bearer ${token}` } : {};
/** More terms than the server looks up in parallel, so that progress arrives long before the result. */
const more = ['001', '002', '003', '004', '005', '006'].map(number => `term-${number}`);
export const args = { terms: ['tide', 'glacier', ...more] };

/** Returns the file of a command of an installed package, to be run by this Node. */
export function command(name) {
  return realpathSync(new URL(`../node_modules/.bin/${name}`, import.meta.url));
}

export function report(result) {
  process.stdout.write(`\nRESULT ${JSON.stringify(result)}\n`);
}
