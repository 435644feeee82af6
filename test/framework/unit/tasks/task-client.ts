/**
 * A client of the tasks extension by raw protocol, because the SDK's client rejects a task as an unsupported result type. Each
 * call has a timeout, as in real clients.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { modernHeaders, modernRequest } from '../../../helpers/json-rpc.ts';

export type Json = Record<string, unknown>;

export interface TaskClientOptions {
  /** Timeout of each call. */
  timeoutMs: number;
  /** The caller's name; the fixtures accept any. */
  caller?: string;
  /** @default none */
  authorization?: string;
}

export interface TaskResponse {
  result: Json;
  error?: { code: number; message: string };
}

const TASKS = { elicitation: {}, extensions: { 'io.modelcontextprotocol/tasks': {} } };

export class TaskClient {
  /** Duration of the longest call, in milliseconds. */
  longest = 0;
  readonly #url: string;
  readonly #options: TaskClientOptions;

  constructor(url: string, options: TaskClientOptions) {
    this.#url = url;
    this.#options = options;
  }

  async send(method: string, params: Json, capabilities: Json = TASKS): Promise<TaskResponse> {
    const { timeoutMs, caller = 'me', authorization } = this.#options;
    const began = performance.now();
    const { taskId } = params;
    const _meta = { 'io.modelcontextprotocol/clientCapabilities': capabilities };
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'x-caller': caller,
        ...(authorization && { authorization }),
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

  /** Calls a tool and returns the ID of the task. */
  async create(name: string, args: Json = {}): Promise<string> {
    const { result, error } = await this.send('tools/call', { name, arguments: args });
    if (result?.resultType !== 'task')
      throw new Error(`The call returned no task: ${JSON.stringify(error ?? result)}`);
    return String(result.taskId);
  }

  async get(taskId: string): Promise<Json> {
    const { result, error } = await this.send('tasks/get', { taskId });
    if (error) throw new Error(`${error.code}: ${error.message}`);
    return result;
  }

  /** Polls at the task's interval until it is no longer working. */
  async waitUntilDone(taskId: string): Promise<Json> {
    for (;;) {
      const task = await this.get(taskId);
      if (task.status !== 'working') return task;
      await pause(Number(task.pollIntervalMs));
    }
  }
}
