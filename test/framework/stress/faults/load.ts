/**
 * Makes calls during a fault and counts their outcomes: each call gets one response, its own result or an error with the reason.
 * faults.test.ts has the faults.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { modernHeaders, modernRequest } from '../../../helpers/json-rpc.ts';

export interface Load {
  /** The outcomes of the calls so far: `result`, `error`, `502`, … */
  outcomes: Map<string, number>;
  /** Responses that no caller may get: the response of another caller, an incomplete response, no response. */
  wrong: string[];
  /** Ends the load after the current calls have got their responses. */
  stop(): Promise<void>;
}

export interface LoadOptions {
  url: string;
  parallelism: number;
  headers?: () => Promise<Record<string, string>>;
  /** Name and arguments of the tool. The response contains the mark. */
  call(mark: string): { name: string; arguments: object };
}

const PATIENCE_MS = 120_000;
let calls = 0;

export function startLoad({ url, parallelism, headers, call }: LoadOptions): Load {
  const outcomes = new Map<string, number>();
  const wrong: string[] = [];
  let stopped = false;
  const worker = async (): Promise<void> => {
    while (!stopped) {
      const outcome = await once();
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      if (outcome !== 'result') await sleep(20);
    }
  };
  const once = async (): Promise<string> => {
    calls += 1;
    const mark = `mark-${calls}-`;
    const { status, text } = await callTool(url, call(mark), mark, await headers?.()).catch(error => {
      wrong.push(`no response: ${error}`);
      return { status: 0, text: '' };
    });
    if (status !== 200) return String(status);
    const [marked] = /"id":"mark-\d+-"/.exec(text) ?? [];
    if (marked !== `"id":"${mark}"`) wrong.push(`the response to ${mark} is ${text.slice(0, 300)}`);
    if (/"error":/.test(text)) return 'error';
    return /"isError":true/.test(text) ? 'tool error' : 'result';
  };
  const workers = Array.from({ length: parallelism }, worker);
  return {
    outcomes,
    wrong,
    async stop() {
      stopped = true;
      await Promise.all(workers);
    },
  };
}

/** Makes one call of revision 2026-07-28. Rejects without a complete response. */
export async function callTool(
  url: string,
  params: { name: string; arguments: object },
  id: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...modernHeaders('tools/call', params),
      ...headers,
    },
    body: JSON.stringify(modernRequest('tools/call', params, undefined, id)),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  return { status: response.status, text: await response.text() };
}
