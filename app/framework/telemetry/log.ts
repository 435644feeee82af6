/**
 * Writes JSON lines to stdout, one per event. Not by console.log: the Runtime Interface Client wraps its text into a field, where
 * CloudWatch finds no metrics.
 *
 * `log(ctx)` is for tools. It writes its parameters as they are: pass no arguments, results or tokens.
 */
import { config } from '../config.ts';
import { callContextOf, type ToolContext } from './call-context.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
type Write = (message: string, data?: Record<string, unknown>) => void;

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
/** CloudWatch accepts 1 MB per line; the line of a tool is meant to be read. */
const MAX_CHARACTERS = 32_768;

/** In Lambda's JSON log format, which is filtered by `level`. `members` are appended to the object as they are. */
export function lineOf(level: LogLevel, fields: object, members = ''): string {
  const timestamp = new Date().toISOString();
  const text = JSON.stringify({ timestamp, level: level.toUpperCase(), ...fields });
  return members ? `${text.slice(0, -1)},${members}}\n` : `${text}\n`;
}

/** `log(ctx).info('Cache miss', { key })`: writes a line with the ids of the call, so that it can be found with its request's. */
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

/** Logging must never fail a tool: data that JSON cannot represent is replaced, data that is too long is truncated. */
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
