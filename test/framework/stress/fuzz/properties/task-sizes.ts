/**
 * Tasks whose arguments, progress and results are near the limit of the table: each is rejected when it is created, or ends. None
 * stays in the status working.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { modernHeaders, modernRequest } from '../../../../helpers/json-rpc.ts';
import type { Property } from '../property.ts';
import { JSON_HEADERS, post, type Target } from '../target.ts';

interface Case {
  /** Size of the text in the arguments, in bytes of its JSON. */
  bytes: number;
  /** The repeated characters of the text: of 1, 2, 3, 4 and, in JSON, 6 bytes. */
  unit: string;
  /** Size of the text in the requested input, in bytes; 0 to send none. */
  answerBytes: number;
  tool: 'greet' | 'confirm_delete';
}

const LIMIT = 399 * 1024;
const near = fc.oneof(
  fc.integer({ min: LIMIT - 6_000, max: LIMIT + 500 }),
  fc.integer({ min: LIMIT - 400, max: LIMIT + 50 }),
  fc.integer({ min: 10, max: LIMIT * 2 }),
);

const arbitrary: fc.Arbitrary<Case> = fc.record({
  bytes: near,
  unit: fc.constantFrom('x', 'é', '€', '😀', '\u0001', '"', '\\', '\ud800'),
  answerBytes: fc.oneof(fc.constant(0), near),
  tool: fc.constantFrom('slow_compute', 'confirm_delete') as fc.Arbitrary<Case['tool']>,
});

const TASKS = { elicitation: {}, extensions: { 'io.modelcontextprotocol/tasks': {} } };
interface TaskResponse {
  result?: { taskId?: string; status?: string; inputRequests?: object };
  error?: { code: number };
}

function textOf(bytes: number, unit: string): string {
  return unit.repeat(Math.max(1, Math.floor(bytes / (Buffer.byteLength(JSON.stringify(unit)) - 2))));
}

async function ask(target: Target, method: string, params: Record<string, unknown>): Promise<TaskResponse> {
  const named = { ...params, _meta: { 'io.modelcontextprotocol/clientCapabilities': TASKS } };
  const name = String(params.taskId ?? params.name);
  const headers = { ...JSON_HEADERS, ...modernHeaders(method, { name }) };
  const { url } = await target.tasks();
  const { status, text } = await post(`${url}/suite`, headers, JSON.stringify(modernRequest(method, named)));
  if (status >= 500) throw new Error(`Status ${status}: ${text.slice(0, 500)}`);
  return JSON.parse(text.startsWith('{') ? text : (text.split('data: ').at(-1) ?? '')) as TaskResponse;
}

async function ended(target: Target, taskId: string): Promise<TaskResponse['result']> {
  for (;;) {
    const { result } = await ask(target, 'tasks/get', { taskId });
    if (result?.status !== 'working') return result;
    await sleep(50);
  }
}

async function check(target: Target, { tool, bytes, unit, answerBytes }: Case): Promise<void> {
  const text = textOf(bytes, unit);
  const args = { seconds: 0, label: text, filename: text };
  const created = await ask(target, 'tools/call', { name: tool, arguments: args });
  if (created.error) {
    if (created.error.code !== -32602) throw new Error(`Refused by ${JSON.stringify(created.error)}`);
    return;
  }
  const { taskId = '' } = created.result ?? {};
  const task = await ended(target, taskId);
  if (task?.status !== 'input_required') return;
  const [key = ''] = Object.keys(task.inputRequests ?? {});
  if (answerBytes > 0) {
    const content = { confirm: textOf(answerBytes, unit) };
    const inputResponses = { [key]: { action: 'accept', content } };
    const { error } = await ask(target, 'tasks/update', { taskId, inputResponses });
    if (!error) {
      await ended(target, taskId);
      return;
    }
  }
  const { error } = await ask(target, 'tasks/cancel', { taskId });
  if (error) throw new Error(`The task cannot be cancelled: ${JSON.stringify(error)}`);
}

export const taskSizes: Property<Case> = { name: 'task-sizes', arbitrary, timeout: 30, check };
