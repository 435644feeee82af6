/**
 * The log on a terminal: one line per request with its outcome, and the log lines of tools as text. The function writes both as
 * lines of JSON with metrics. Lambda's START, END and REPORT lines are omitted. `--log full` prints everything (log.ts).
 */
import { StringDecoder } from 'node:string_decoder';
import { errorLine, type Log, type Paint, printable, type RequestLine, styleOf, type Write } from './log.ts';

/** A line that the function writes for each JSON-RPC message: the outcome of a request. */
interface OutcomeLine {
  type: 'request';
  requestId: string;
  mcpMethod?: string;
  tool?: string;
  outcome: string;
}

/** A line that a tool logs. */
interface ToolLine {
  type: 'log';
  level: string;
  tool?: string;
  message: string;
  data?: unknown;
}

/** Outcomes from best to worst. All others are worse, and red. */
const SEVERITY = ['ok', 'refused', 'protocol_error', 'tool_error'];
const OUTCOME_STYLES: Record<string, 'green' | 'yellow'> = {
  ok: 'green',
  refused: 'yellow',
  protocol_error: 'yellow',
};
const LEVEL_STYLES: Record<string, 'yellow' | 'red'> = { WARN: 'yellow', ERROR: 'red', FATAL: 'red' };
/** A line of `console` as the Runtime Interface Client formats it: time, request id, level, message. */
const CONSOLE_LINE = /^\d{4}-\d\d-\d\dT[\d:.]+Z\t[\w-]+\t(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\t([\s\S]*)$/;
/** An error that ends an invocation or init, in the same format. */
const ERROR_MESSAGE = /^(?:\w+ )+\t(\{.*\})$/;
/** Maximum number of requests whose outcome is kept until their line is printed. */
const MAX_KEPT = 1000;

export function requestsLog(output: Write, paint: Paint, inSources: (text: string) => string): Log {
  const write = (line: string): void => output(`${line}\n`);
  const outcomes = new Map<string, OutcomeLine[]>();
  const partial = new Map<number, { decoder: StringDecoder; text: string }>();
  const time = (): string => paint('dim', new Date().toTimeString().slice(0, 8));

  /** Prints lines. The Runtime Interface Client writes `\r` for a line end, with which a terminal would overwrite the line. */
  const printLine = (level: string, text: string): void => {
    const style = LEVEL_STYLES[level];
    const lines = inSources(text)
      .split(/\r\n?|\n/)
      .join('\n  ');
    write(
      [time(), style ? paint(style, level) : level, style === 'red' ? paint(style, lines) : lines].join(' '),
    );
  };

  function functionLine(line: string): void {
    const json = parsed(line);
    if (isOutcome(json)) {
      outcomes.set(json.requestId, [...(outcomes.get(json.requestId) ?? []), json]);
      for (const id of [...outcomes.keys()].slice(0, -MAX_KEPT)) outcomes.delete(id);
    } else if (isToolLine(json)) {
      const data = json.data === undefined ? '' : ` ${JSON.stringify(json.data)}`;
      printLine(json.level, printable(`${json.tool ? `${json.tool}: ` : ''}${json.message}${data}`));
    } else {
      const [, level, message = ''] = CONSOLE_LINE.exec(line) ?? [];
      if (level) printLine(level, stackOf(message) ?? message);
      else write(inSources(line).replace(/\r\n?/g, '\n'));
    }
  }

  function requestLine({ method, path, call, status, duration, cold, requestId }: RequestLine): void {
    const messages = outcomes.get(requestId) ?? [];
    outcomes.delete(requestId);
    const label = call ?? (messages.length > 1 ? batch(messages) : `${method} ${path}`);
    const words = [
      time(),
      printable(label),
      outcomeOf(messages, status, paint),
      `${duration.toFixed(0)} ms`,
      ...(cold ? [paint('cyan', 'cold')] : []),
      paint('dim', `${call ? `${printable(path)} ` : ''}${requestId.slice(0, 8)}`),
    ];
    write(words.join('  '));
  }

  return {
    start: () => undefined,
    snapStart: {
      published: duration => write(`${time()} Version published: init ${duration.toFixed(0)} ms`),
      restoring: () => undefined,
      restored(duration, error) {
        if (error) write(`${time()} ${paint('red', errorLine('restore', error))}`);
        else write(`${time()} Restored from the snapshot: ${duration.toFixed(0)} ms`);
      },
    },
    end(id, { error }) {
      if (error) write(`${time()} ${paint('red', errorLine(id.slice(0, 8), error))}`);
    },
    request(line) {
      // The output of the function up to this point is in its pipe and is read within this turn of the event loop.
      setImmediate(() => setImmediate(() => requestLine(line)));
    },
    output(chunk, pid) {
      const { decoder, text } = partial.get(pid) ?? { decoder: new StringDecoder('utf8'), text: '' };
      const lines = (text + decoder.write(chunk)).split('\n');
      partial.set(pid, { decoder, text: lines.pop() ?? '' });
      for (const line of lines) functionLine(line);
    },
    note: message => write(`${time()} ${printable(message)}`),
  };
}

/** Returns the worst outcome of the messages, and the HTTP status if it is an error. */
function outcomeOf(messages: readonly OutcomeLine[], status: number, paint: Paint): string {
  const severity = ({ outcome }: OutcomeLine): number =>
    SEVERITY.includes(outcome) ? SEVERITY.indexOf(outcome) : SEVERITY.length;
  const worst = messages.toSorted((a, b) => severity(b) - severity(a))[0]?.outcome;
  if (worst === undefined) return paint(styleOf(status), String(status));
  return paint(OUTCOME_STYLES[worst] ?? 'red', status < 400 ? worst : `${worst} ${status}`);
}

function batch(messages: readonly OutcomeLine[]): string {
  const names = messages.map(({ mcpMethod, tool }) => [mcpMethod, tool].filter(Boolean).join(' '));
  return `batch of ${messages.length}: ${[...new Set(names)].join(', ')}`;
}

/** Returns the stack of an error that the Runtime Interface Client reports as JSON. */
function stackOf(message: string): string | undefined {
  const error = parsed(ERROR_MESSAGE.exec(message)?.[1] ?? '') as { stack?: unknown } | undefined;
  return Array.isArray(error?.stack) ? error.stack.join('\n') : undefined;
}

function parsed(line: string): unknown {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // Another line that begins with a brace.
  }
}

function isOutcome(json: unknown): json is OutcomeLine {
  const { type, requestId, outcome } = (json ?? {}) as Partial<OutcomeLine>;
  return type === 'request' && typeof requestId === 'string' && typeof outcome === 'string';
}

function isToolLine(json: unknown): json is ToolLine {
  const { type, level, message } = (json ?? {}) as Partial<ToolLine>;
  return type === 'log' && typeof level === 'string' && typeof message === 'string';
}
