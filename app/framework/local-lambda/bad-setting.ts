/** A function that refuses its environment variables. No retry can help, and the message is all that a user has to read. */

/** Type of the error. */
export const BAD_SETTING = 'ConfigError';
const LOGGED = `Init Error \t{"errorType":"${BAD_SETTING}"`;

/** Leaves out the line of the Runtime Interface Client about it: the local Lambda prints the message once, as a list. */
export function withoutBadSetting(chunk: Buffer): Buffer {
  if (!chunk.includes(LOGGED)) return chunk;
  const lines = chunk.toString().split('\n');
  return Buffer.from(lines.filter(line => !line.includes(LOGGED)).join('\n'));
}
