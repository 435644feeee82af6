/**
 * The full log of the local Lambda: Lambda's START, END and REPORT lines, the output of the function as it is, and one line
 * per request. On a terminal, requests-log.ts prints less.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html; the JSON forms are the platform events of
 * https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html.
 */
import { styleText } from 'node:util';
import type { Report, SnapStartEvents } from './environment.ts';
import { errorName, type FunctionError } from './function-error.ts';

const LATEST = '$LATEST';
const SNAP_START = { initializationType: 'snap-start' };

export type LogFormat = 'text' | 'json';

/** One HTTP request. */
export interface RequestLine {
  requestId: string;
  method: string;
  path: string;
  /** For JSON-RPC: the method, and the tool, prompt or resource. */
  call?: string | undefined;
  status: number;
  /** Milliseconds to the last byte. */
  duration: number;
  cold: boolean;
}

export interface Log {
  start(requestId: string, version?: string): void;
  /** The events of a function with SnapStart. */
  snapStart: SnapStartEvents;
  end(requestId: string, report: Report, memory: number): void;
  request(line: RequestLine): void;
  /** Writes output of the process of a function. */
  output(chunk: Buffer, pid: number): void;
  /** Writes a message about the local Lambda itself. */
  note(message: string): void;
}

/**
 * Escapes text of a caller, so that it can neither forge a line nor control the terminal: control and formatting characters, and
 * U+2028 and U+2029, which some programs read as a line end.
 */
export function printable(text: string): string {
  const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, found => found.split('').map(escaped).join(''));
}

export type Write = (text: string | Buffer) => void;
export type Paint = (style: Parameters<typeof styleText>[0], text: string) => string;

export function painter(colour: boolean): Paint {
  return (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text);
}

/** Creates the log. `inSources` replaces positions in a bundle (source-positions.ts). */
export function createLog(
  format: LogFormat,
  write: Write,
  colour: boolean,
  inSources: (text: string) => string = text => text,
): Log {
  const line = (text: string): void => write(`${text}\n`);
  const output = (chunk: Buffer): void => {
    const text = chunk.toString();
    const mapped = inSources(text);
    // Unchanged chunks are written as bytes, because a chunk can end within a character.
    write(mapped === text ? chunk : mapped);
  };
  return { ...(format === 'json' ? jsonLog(line) : textLog(line, painter(colour))), output };
}

function textLog(write: (line: string) => void, paint: Paint): Omit<Log, 'output'> {
  return {
    start: (id, version = LATEST) => write(paint('dim', `START RequestId: ${id} Version: ${version}`)),
    snapStart: {
      published: duration => write(paint('dim', `INIT_REPORT Init Duration: ${duration.toFixed(2)} ms`)),
      restoring: () => write(paint('dim', 'RESTORE_START')),
      restored(duration, error) {
        if (error) write(paint('red', errorLine('restore', error)));
        const failure = error ? `\tStatus: error\tError Type: ${error.type}` : '';
        write(paint('dim', `RESTORE_REPORT Restore Duration: ${duration.toFixed(2)} ms${failure}`));
      },
    },
    end(id, report, memory) {
      if (report.error) write(paint('red', errorLine(id, report.error)));
      write(paint('dim', `END RequestId: ${id}`));
      write(paint('dim', reportLine(id, report, memory)));
    },
    request(line) {
      const status = paint(styleOf(line.status), String(line.status));
      const target = [line.method, line.path, line.call].filter(Boolean).map(text => printable(String(text)));
      const words = [...target, status, `${line.duration.toFixed(1)} ms`];
      write([...words, line.cold ? paint('cyan', 'cold') : 'warm', line.requestId].join(' '));
    },
    note: message => write(printable(message)),
  };
}

/** Returns the style of an HTTP status. */
export function styleOf(status: number): 'green' | 'yellow' | 'red' {
  if (status < 400) return 'green';
  return status < 500 ? 'yellow' : 'red';
}

export function errorLine(id: string, error: FunctionError): string {
  return printable(`${id} ${errorName(error)} ${summary(error.body)}`);
}

function reportLine(id: string, report: Report, memory: number): string {
  const { duration, initDuration, restoreDuration, maxMemory } = report;
  const { status, errorType } = outcomeOf(report);
  const parts = [
    `REPORT RequestId: ${id}`,
    `Duration: ${duration.toFixed(2)} ms`,
    `Billed Duration: ${billed(report)} ms`,
    `Memory Size: ${memory} MB`,
    maxMemory === undefined ? undefined : `Max Memory Used: ${Math.ceil(maxMemory)} MB`,
    initDuration === undefined ? undefined : `Init Duration: ${initDuration.toFixed(2)} ms`,
    restoreDuration === undefined
      ? undefined
      : `Restore Duration: ${restoreDuration.toFixed(2)} ms\tBilled Restore Duration: ${Math.ceil(restoreDuration)} ms`,
    status === 'success' ? undefined : `Status: ${status}`,
    errorType && `Error Type: ${errorType}`,
  ];
  return parts.filter(part => part !== undefined).join('\t');
}

/**
 * Returns the status of an invocation as Lambda reports it. An error that the runtime posted is a success: the environment continues.
 * https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html#platform-report
 */
function outcomeOf({ failure }: Pick<Report, 'failure'>): { status: string; errorType?: string } {
  if (!failure) return { status: 'success' };
  const { type } = failure;
  if (type === 'Sandbox.Timeout') return { status: 'timeout' };
  return { status: type.startsWith('Sandbox.') ? 'failure' : 'error', errorType: type };
}

/** Returns the billed duration in whole milliseconds, including init (since August 2025). The restore is billed separately. */
export function billed({ duration, initDuration = 0 }: Pick<Report, 'duration' | 'initDuration'>): number {
  return Math.ceil(duration + initDuration);
}

function rounded(milliseconds: number): number {
  return Number(milliseconds.toFixed(2));
}

function summary(errorBody: string): string {
  try {
    return (JSON.parse(errorBody) as { errorMessage?: string }).errorMessage ?? errorBody;
  } catch {
    return errorBody;
  }
}

function jsonLog(write: (line: string) => void): Omit<Log, 'output'> {
  // JSON.stringify() does not escape U+2028 and similar characters; printable() does, and the result is equivalent JSON.
  const event = (type: string, record: object): void =>
    write(printable(JSON.stringify({ time: new Date().toISOString(), type, record })));
  return {
    start: (requestId, version = LATEST) => event('platform.start', { requestId, version }),
    snapStart: {
      published: duration =>
        event('platform.initReport', {
          ...SNAP_START,
          phase: 'init',
          metrics: { durationMs: rounded(duration) },
        }),
      restoring: () => event('platform.restoreStart', SNAP_START),
      restored: (duration, error) =>
        event('platform.restoreReport', {
          ...SNAP_START,
          status: error ? 'error' : 'success',
          ...(error && { errorType: error.type }),
          metrics: { durationMs: rounded(duration) },
        }),
    },
    end(requestId, report, memory) {
      const { duration, initDuration, restoreDuration, maxMemory } = report;
      event('platform.report', {
        requestId,
        ...outcomeOf(report),
        metrics: {
          durationMs: rounded(duration),
          billedDurationMs: billed(report),
          memorySizeMB: memory,
          ...(maxMemory !== undefined && { maxMemoryUsedMB: Math.ceil(maxMemory) }),
          ...(initDuration !== undefined && { initDurationMs: rounded(initDuration) }),
          ...(restoreDuration !== undefined && {
            restoreDurationMs: rounded(restoreDuration),
            billedRestoreDurationMs: Math.ceil(restoreDuration),
          }),
        },
      });
    },
    request: line => event('local.request', { ...line, duration: Number(line.duration.toFixed(1)) }),
    note: message => event('local.note', { message }),
  };
}
