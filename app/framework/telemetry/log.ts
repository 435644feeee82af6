/**
 * Writes JSON lines to stdout, one per event. Not by console.log: the Runtime Interface Client would put the text into a field,
 * in which CloudWatch does not find metrics.
 *
 * `log(ctx)` is for tools. It writes its parameters unchanged: do not pass arguments, results or tokens.
 */
import { config } from '../config.ts';
import { callContextOf, type ToolContext } from './call-context.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
type Write = (message: string, data?: Record<string, unknown>) => void;

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
/** Maximum length of message and of data in a line of a tool. CloudWatch accepts 1 MB per line. */
const MAX_CHARACTERS = 32_768;

/** Returns a line in Lambda's JSON log format, which Lambda filters by `level`. `members` are JSON members to append. */
export function lineOf(level: LogLevel, fields: object, members = ''): string {
  const timestamp = new Date().toISOString();
  const text = JSON.stringify({ timestamp, level: level.toUpperCase(), ...fields });
  return members ? `${text.slice(0, -1)},${members}}\n` : `${text}\n`;
}

/**
 * Returns a logger: `log(ctx).info('Cache miss', { key })` writes a line with the ids of the call, as in the line of its request.
 */
export function log(ctx: ToolContext): Record<LogLevel, Write> {
  const call = callContextOf(ctx);
  const at =
    (level: LogLevel): Write =>
    (message, data) => {
      if (LEVELS.indexOf(level) < LEVELS.indexOf(config().MCP_LOG_LEVEL)) return;
      const { requestId, trace } = call ?? {};
      const ids = { requestId, traceId: trace?.traceId, ...call?.about(ctx.mcpReq?.id) };
      const text = message.slice(0, MAX_CHARACTERS);
      process.stdout.write(lineOf(level, { type: 'log', ...ids, message: text, data: safe(data) }));
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Returns data that JSON can represent, truncated if it is too long: logging must never make a tool fail. */
function safe(data: object | undefined): unknown {
  if (data === undefined) return undefined;
  try {
    const text = JSON.stringify(data, (_, value) =>
      value instanceof Error
        ? { name: value.name, message: value.message }
        : typeof value === 'bigint'
          ? String(value)
          : value,
    );
    return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : JSON.parse(text);
  } catch (error) {
    return `(not representable in JSON: ${(error as Error).name})`;
  }
}
