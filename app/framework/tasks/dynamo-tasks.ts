/**
 * `dynamoTasks({ tools })`: tools of a route whose work outlives the call, for {@link McpOptions.tasks}.
 *
 * A call of such a tool by a client that has the tasks extension is written to a DynamoDB table and answered with a task;
 * the function invokes itself asynchronously and does the work there, by the route's own server, so a tool is written as
 * any other. Progress becomes the task's status message; a tool that asks for input (SEP-2322) is called again when the
 * answers are there, and nothing runs meanwhile.
 *
 * The caller is kept without the token: in a task `ctx.http.authInfo.token` is empty.
 */
import type { McpRequestContext, McpServer, Server } from '@modelcontextprotocol/server';
import { awsCall } from '../aws/aws-client.ts';
import { awsSettings, config } from '../config.ts';
import type { RouteMessage, TaskSupport } from '../mcp/task-types.ts';
import { createTask, keyOf } from './create-task.ts';
import { dynamoStore } from './dynamo-store.ts';
import {
  CAPABILITIES,
  declaresTasks,
  type ExtensionOptions,
  missingExtension,
  offerTasks,
  serverOf,
} from './extension.ts';
import { addGetResult, resultWithin } from './get-result.ts';
import { runTask } from './runner.ts';
import { selfInvocation } from './self-invoke.ts';
import { seed, type Task, type TaskCall } from './task.ts';
import { tellingStore, unavailable } from './task-errors.ts';

export interface LongTool {
  /**
   * For a client without the extension: `'run-inline'` serves the call like any other, within the invocation; `'poll-tool'`
   * creates a task, waits for it, and after {@link DynamoTasksOptions.waitMs} returns how to poll for the result, with the tool
   * `get_result` that the server gets; `'reject'` returns -32021 (Missing Required Client Capability).
   * @default 'run-inline'
   */
  fallback?: 'run-inline' | 'poll-tool' | 'reject';
  /**
   * When the task is created: `'immediately'`, or `'after-input'` for a tool that first requests input, which happens within the
   * call (section "Task Creation": SHOULD be resolved synchronously).
   * @default 'immediately'
   */
  start?: 'immediately' | 'after-input';
  /** How often the work may be begun when its environment is lost; 1 for work that must not be done twice. @default 3 */
  attempts?: number;
}

export interface DynamoTasksOptions {
  /** The tools whose calls become tasks, by name. */
  tools: Readonly<Record<string, LongTool>>;
  /** How long a task is kept from its creation on, in seconds, 60 or more. @default 86400 */
  ttlSeconds?: number;
  /** What clients are told to wait between two `tasks/get`, in milliseconds. @default 2000 */
  pollIntervalMs?: number;
  /** How long a call of a client without the extension is waited with, in milliseconds, for `'poll-tool'`. @default 20000 */
  waitMs?: number;
  /** How long a worker may be silent, in milliseconds, 300 or more. @default 30000 */
  leaseMs?: number;
}

/** Lambda's own retries come 1 and 2 minutes after a failure. */
const IDLE_MS = 60_000;
const LOST_MS = 600_000;

/** Throws a TypeError when an option is out of range. */
export function dynamoTasks(options: DynamoTasksOptions): TaskSupport {
  const { tools, ttlSeconds = 86_400, pollIntervalMs = 2_000, leaseMs = 30_000, waitMs = 20_000 } = options;
  requireAtLeast('ttlSeconds', ttlSeconds, 60);
  requireAtLeast('pollIntervalMs', pollIntervalMs, 1);
  requireAtLeast('leaseMs', leaseMs, 300);
  requireAtLeast('waitMs', waitMs, 1);
  const givesResults = Object.values(tools).some(({ fallback }) => fallback === 'poll-tool');
  for (const [name, { attempts = 3 }] of Object.entries(tools))
    requireAtLeast(`tools.${name}.attempts`, attempts, 1);
  const toolOf = (name: unknown): LongTool | undefined =>
    typeof name === 'string' && Object.hasOwn(tools, name) ? tools[name] : undefined;
  const attemptsOf = ({ call }: Task): number => toolOf(call.message.params.name)?.attempts ?? 3;
  const aws = awsCall(awsSettings);
  const store = () => dynamoStore(aws, requireTable());
  const invoke = selfInvocation(aws);

  return function tasksOf(host) {
    const messages = new WeakMap<Request, RouteMessage>();
    const routed = ({ requestInfo }: McpRequestContext): RouteMessage => {
      const found = requestInfo && messages.get(requestInfo);
      if (!found) throw new Error('A server was made for a request that this route did not get.');
      return found;
    };
    const extensionOf = (context: McpRequestContext): ExtensionOptions => {
      const { path, functionArn } = routed(context);
      return {
        store: tellingStore(store),
        pollIntervalMs,
        idleMs: Math.max(IDLE_MS, leaseMs),
        lostMs: LOST_MS,
        keyOf: taskId => keyOf(path, context.authInfo, taskId),
        attemptsOf,
        start: key =>
          invoke(functionArn, { path, taskKey: key }).catch(error => {
            throw unavailable(error);
          }),
      };
    };
    const offering = async (context: McpRequestContext): Promise<McpServer | Server> => {
      const server = await host.factory(context);
      if (context.era === 'modern') offerTasks(server, extensionOf(context));
      if (givesResults) addGetResult(server, extensionOf(context), waitMs);
      return server;
    };
    const begin = (context: McpRequestContext, extension: ExtensionOptions) =>
      createTask(routed(context).message as TaskCall['message'], context.authInfo, ttlSeconds, extension);
    const creating = async (context: McpRequestContext): Promise<McpServer | Server> => {
      const given = await offering(context);
      // What it returns is a CreateTaskResult, which the SDK has no type for and lets through, with an empty `content` added.
      serverOf(given).setRequestHandler('tools/call', (async () => {
        const { task, taskId } = await begin(context, extensionOf(context));
        return { resultType: 'task', ...seed(task, taskId, pollIntervalMs) };
      }) as never);
      return given;
    };
    const waiting = async (context: McpRequestContext): Promise<McpServer | Server> => {
      const given = await offering(context);
      const extension = extensionOf(context);
      serverOf(given).setRequestHandler('tools/call', async (_request, ctx) => {
        const { taskId } = await begin(context, extension);
        return resultWithin(taskId, extension, waitMs, ctx);
      });
      return given;
    };
    const refusing = async (context: McpRequestContext): Promise<McpServer | Server> => {
      const given = await host.factory(context);
      serverOf(given).setRequestHandler('tools/call', () => Promise.reject(missingExtension()));
      return given;
    };
    const handlers = {
      offer: host.handlerFor(offering),
      create: host.handlerFor(creating),
      refuse: host.handlerFor(refusing),
      wait: host.handlerFor(waiting),
    };

    return {
      serve(request, given, route) {
        messages.set(request, route);
        return handlers[how(route.message, toolOf)].fetch(request, given);
      },
      runJob: (taskKey, signal) =>
        runTask(taskKey, signal, {
          store: store(),
          serve: (request, given) => host.handler.fetch(request, given),
          leaseMs,
          attemptsOf,
        }),
    };
  };
}

const FALLBACKS = { 'run-inline': 'offer', 'poll-tool': 'wait', reject: 'refuse' } as const;

/** What becomes of a message. The SDK checks it, whichever it is. */
function how(
  message: unknown,
  toolOf: (name: unknown) => LongTool | undefined,
): 'offer' | 'create' | 'refuse' | 'wait' {
  const { method, params } = (message ?? {}) as { method?: unknown; params?: Record<string, unknown> };
  const tool = method === 'tools/call' ? toolOf(params?.name) : undefined;
  if (!tool) return 'offer';
  const meta = params?._meta as Record<string, unknown> | undefined;
  if (!declaresTasks(meta?.[CAPABILITIES])) return FALLBACKS[tool.fallback ?? 'run-inline'];
  const answered = params?.inputResponses !== undefined || params?.requestState !== undefined;
  return tool.start === 'after-input' && !answered ? 'offer' : 'create';
}

function requireTable(): string {
  const { MCP_TABLE } = config();
  if (!MCP_TABLE) throw new Error('MCP_TABLE is not set: which DynamoDB table the tasks are kept in.');
  return MCP_TABLE;
}

function requireAtLeast(name: string, value: number, least: number): void {
  if (!(Number.isInteger(value) && value >= least))
    throw new TypeError(
      `dynamoTasks option ${name} must be a whole number of at least ${least}, not ${value}`,
    );
}
