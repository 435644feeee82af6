/**
 * Makes many parallel calls of a server, aborts some of them at a random time, and returns the outcome of each.
 *
 * It does not use `fetch`, because a caller must be able to abort before its request is sent and in mid-stream.
 */
import { Agent, request } from 'node:http';
import { MANY_TERMS } from '../../../helpers/fake-upstream.ts';
import type { Random } from '../../../helpers/random.ts';
import { type Call, nextCall } from './calls.ts';

export interface SoakOptions {
  /** `http://127.0.0.1:PORT` */
  url: string;
  calls: number;
  parallelism: number;
  /** One in this number of calls is aborted by its caller; 0 for none. */
  abortOneIn: number;
  /** Maximum time before a call is aborted, in milliseconds. */
  abortWithinMs: number;
  random: Random;
  /** Whether environments are killed meanwhile, each of which may cost one call its response. @default false */
  killing?: boolean;
  /** Called with the number of completed calls. */
  onCall?: (over: number) => void | Promise<void>;
}

export interface SoakResult {
  /** Calls by outcome: `200`, `429`, `left` (aborted by the caller), `cut off`, `ECONNRESET`, `wrong response`… */
  outcomes: Map<string, number>;
  /** Calls by kind. */
  kinds: Map<string, number>;
  /** Durations of the calls that were not aborted, in milliseconds, sorted. */
  durations: number[];
  /** The first wrong calls and their outcomes. */
  wrong: string[];
}

export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { url, calls, parallelism, abortOneIn, abortWithinMs, random, killing = false, onCall } = options;
  const right = killing ? /^(200|left|502|cut off)\b/ : /^(200|left)$/;
  const agent = new Agent({ keepAlive: true, maxSockets: parallelism });
  const result: SoakResult = { outcomes: new Map(), kinds: new Map(), durations: [], wrong: [] };
  let begun = 0;
  let over = 0;
  const worker = async (): Promise<void> => {
    while (begun < calls) {
      begun += 1;
      const call = nextCall(random, `call-${begun}`);
      const leaves = abortOneIn > 0 && random.int(1, abortOneIn) === 1;
      const leaveAfterMs = leaves ? random.next() * abortWithinMs : undefined;
      const started = performance.now();
      const outcome = await send(url, call, agent, leaveAfterMs);
      if (outcome !== 'left') result.durations.push(performance.now() - started);
      count(result.outcomes, outcome.split(':')[0] ?? '');
      count(result.kinds, call.kind);
      if (!right.test(outcome) && result.wrong.length < 10) result.wrong.push(`${call.body} → ${outcome}`);
      over += 1;
      await onCall?.(over);
    }
  };
  await Promise.all(Array.from({ length: parallelism }, worker));
  agent.destroy();
  result.durations.sort((a, b) => a - b);
  return result;
}

/** Makes a call. Returns the status, `wrong response: why`, `cut off: before what`, the code of an error, or `left` if it was aborted. */
function send(url: string, call: Call, agent: Agent, leaveAfterMs: number | undefined): Promise<string> {
  return new Promise(resolve => {
    const outgoing = request(`${url}/mcp`, { method: 'POST', agent, headers: call.headers }, response => {
      let text = '';
      response.setEncoding('utf8').on('data', chunk => (text += chunk));
      response.once('end', () => resolve(judged(call, response.statusCode ?? 0, text)));
      response.once('error', error => resolve(codeOf(error)));
    });
    outgoing.once('error', error => resolve(leaveAfterMs === undefined ? codeOf(error) : 'left'));
    outgoing.end(call.body);
    if (leaveAfterMs === undefined) return;
    const leave = (): void => {
      outgoing.destroy();
      resolve('left');
    };
    if (leaveAfterMs < 0.5) leave();
    else setTimeout(leave, leaveAfterMs);
  });
}

function judged({ id, marks }: Call, status: number, text: string): string {
  if (status !== 200) return `${status}: ${text.slice(0, 300)}`;
  const foreign = MANY_TERMS.find(term => !marks.includes(term) && text.includes(term));
  if (foreign) return `wrong response: with ${foreign}: ${text.slice(0, 300)}`;
  // As on Lambda, an environment that ends in mid-stream only ends the stream.
  if (!text.includes(`"id":"${id}"`)) return `cut off: without ${id}: ${text.slice(0, 300)}`;
  const missing = marks.find(mark => !text.includes(mark));
  return missing ? `wrong response: without ${missing}: ${text.slice(0, 300)}` : '200';
}

function codeOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? error.name;
}

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

/** Returns a quantile of sorted values; `share` is from 0 to 1. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
