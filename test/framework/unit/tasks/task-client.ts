/**
 * A client of the tasks extension by raw protocol: the SDK's own refuses a task as an unsupported result type. Each call is
 * given up after a time, as clients do.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { modernHeaders, modernRequest } from '../../../helpers/json-rpc.ts';

export type Json = Record<string, unknown>;

export interface TaskClientOptions {
  /** Of each call. */
  timeoutMs: number;
  /** Of the fixtures, which take a caller's word. */
  caller?: string;
}

export interface Answer {
  result: Json;
  error?: { code: number; message: string };
}

const TASKS = { elicitation: {}, extensions: { 'io.modelcontextprotocol/tasks': {} } };

export class TaskClient {
  /** The longest that a call has taken, in milliseconds. */
  longest = 0;
  readonly #url: string;
  readonly #options: TaskClientOptions;

  constructor(url: string, options: TaskClientOptions) {
    this.#url = url;
    this.#options = options;
  }

  async send(method: string, params: Json, capabilities: Json = TASKS): Promise<Answer> {
    const { timeoutMs, caller = 'me' } = this.#options;
    const began = performance.now();
    const { taskId } = params;
    const _meta = { 'io.modelcontextprotocol/clientCapabilities': capabilities };
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'x-caller': caller,
        ...modernHeaders(method, params),
        ...(typeof taskId === 'string' && { 'mcp-name': taskId }),
      },
      body: JSON.stringify(modernRequest(method, { ...params, _meta })),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await response.text();
    this.longest = Math.max(this.longest, performance.now() - began);
    return JSON.parse(text.startsWith('{') ? text : (text.split('data: ').at(-1) ?? ''));
  }

  /** Calls a tool, and gives the ID of the task. */
  async begin(name: string, args: Json = {}): Promise<string> {
    const { result, error } = await this.send('tools/call', { name, arguments: args });
    if (result?.resultType !== 'task') throw new Error(`No task: ${JSON.stringify(error ?? result)}`);
    return String(result.taskId);
  }

  async get(taskId: string): Promise<Json> {
    const { result, error } = await this.send('tasks/get', { taskId });
    if (error) throw new Error(`${error.code}: ${error.message}`);
    return result;
  }

  /** Asks as often as the task says, until it is over, for `ms` at most. */
  async over(taskId: string, ms: number): Promise<Json> {
    const last = Date.now() + ms;
    for (;;) {
      const task = await this.get(taskId);
      if (task.status !== 'working') return task;
      if (Date.now() > last) throw new Error(`Not over within ${ms} ms: ${JSON.stringify(task)}`);
      await pause(Number(task.pollIntervalMs));
    }
  }
}
