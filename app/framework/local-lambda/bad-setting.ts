/** Handles a function that rejects its environment variables: a retry cannot succeed, and the message is printed alone. */

/** Type of the error. */
export const BAD_SETTING = 'ConfigError';
const LOGGED = `Init Error \t{"errorType":"${BAD_SETTING}"`;

/** Removes the line of the Runtime Interface Client about the error: the local Lambda prints the message once, as a list. */
export function withoutBadSetting(chunk: Buffer): Buffer {
  if (!chunk.includes(LOGGED)) return chunk;
  const lines = chunk.toString().split('\n');
  return Buffer.from(lines.filter(line => !line.includes(LOGGED)).join('\n'));
}
