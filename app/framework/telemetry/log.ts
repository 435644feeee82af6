/**
 * Lines of JSON on stdout, one a thing that happened. Not by console.log: the Runtime Interface Client puts what that is given
 * into a field of its own, where CloudWatch looks for no metrics.
 *
 * `log(ctx)` is for tools. What it is given is written as it is: give it no arguments, results or tokens.
 */
import { config } from '../config.ts';
import { callContextOf, type ToolContext } from './call-context.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
type Say = (message: string, data?: Record<string, unknown>) => void;

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
/** CloudWatch takes 1 MB a line; a line of a tool's is meant to be read. */
const MAX_CHARACTERS = 32_768;

/** As Lambda's JSON log format has them: it filters by `level`. `members` are written into the object as they are. */
export function lineOf(level: LogLevel, fields: object, members = ''): string {
  const timestamp = new Date().toISOString();
  const text = JSON.stringify({ timestamp, level: level.toUpperCase(), ...fields });
  return members ? `${text.slice(0, -1)},${members}}\n` : `${text}\n`;
}

/** `log(ctx).info('Cache miss', { key })`: a line with the ids of the call, so that it is found with its request's. */
export function log(ctx: ToolContext): Record<LogLevel, Say> {
  const call = callContextOf(ctx);
  const at =
    (level: LogLevel): Say =>
    (message, data) => {
      if (LEVELS.indexOf(level) < LEVELS.indexOf(config().MCP_LOG_LEVEL)) return;
      const { requestId, trace } = call ?? {};
      const ids = { requestId, traceId: trace?.traceId, ...call?.about(ctx.mcpReq?.id) };
      const text = message.slice(0, MAX_CHARACTERS);
      process.stdout.write(lineOf(level, { type: 'log', ...ids, message: text, data: safe(data) }));
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** To log must never fail a tool: what JSON cannot hold, or is too much of it, is told as such. */
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
    return `(not to be written as JSON: ${(error as Error).name})`;
  }
}
