/**
 * Logs each warning of the MCP SDKs about a tool once per process. A server is created for every request, and the SDKs check its
 * tools each time: a name with a space would log six lines per request.
 */

const NAME_WARNING = 'Tool name validation warning for "';
/** Starts of the lines that follow the warning. */
const DETAILS = [
  '  - ',
  'Tool registration will proceed',
  'Consider updating the tool name',
  'See SEP: Specify Format for Tool Names',
];
const OTHER_WARNING = '[mcp-sdk] ';

/** Maximum number of logged warnings: callers can choose names, so their number must be limited. */
const MAX_WARNINGS = 1_000;

const WRAPPED = Symbol('logs warnings of the SDKs once');

/** Wraps `console.warn`. Further calls do nothing. */
export function logSdkWarningsOnce(): void {
  if (WRAPPED in console.warn) return;
  const { warn } = console;
  const logged = new Set<string>();
  let repeated = false;

  function isRepeated(line: string): boolean {
    if (DETAILS.some(start => line.startsWith(start))) return repeated;
    repeated = false;
    if (!line.startsWith(NAME_WARNING) && !line.startsWith(OTHER_WARNING)) return false;
    repeated = logged.has(line) || logged.size >= MAX_WARNINGS;
    if (!repeated) logged.add(line);
    return repeated;
  }

  console.warn = Object.assign(
    function warnOnce(...args: unknown[]): void {
      const [line] = args;
      if (typeof line !== 'string' || !isRepeated(line)) warn(...args);
    },
    { [WRAPPED]: true },
  );
}
