/**
 * What every driver shares: `node DRIVER.mjs URL [TOKEN]` lists the tools, calls compare_weather, and prints
 * one line, `RESULT {"tools":[…],"text":"…","progress":N}`; `progress` where the client tells it.
 */
import { realpathSync } from 'node:fs';

export const [, , url = '', token] = process.argv;
export const headers = token ? { Authorization: `Bearer ${token}` } : {};
/** More than are looked up at once, so that progress comes well before the result. */
const stations = ['001', '002', '003', '004', '005', '006'].map(number => `Station ${number}`);
export const args = { locations: ['Berlin', 'Paris, France', ...stations] };

/** The file of a command that a package has installed, to be run by this Node. */
export function command(name) {
  return realpathSync(new URL(`../node_modules/.bin/${name}`, import.meta.url));
}

export function report(result) {
  process.stdout.write(`\nRESULT ${JSON.stringify(result)}\n`);
}
