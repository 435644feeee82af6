/** The tasks of one route: decides how each message is handled, and runs the jobs that the function sends to itself. */
import type {
  McpHandlerRequestOptions,
  McpHttpHandler,
  McpRequestContext,
  McpServer,
  Server,
} from '@modelcontextprotocol/server';
import type { CallAws } from '../aws/aws-client.ts';
import type { BackgroundJobHandler, MountedTasks, RouteMessage, TaskHost } from '../mcp/task-types.ts';
import type { Store } from '../store/store.ts';
import { CallerTasks } from './caller-tasks.ts';
import { addExtension, CAPABILITIES, sdkServerOf, supportsExtension } from './extension.ts';
import { addPollTool, waitForResult } from './poll-tool.ts';
import { runTask } from './run-task.ts';
import { selfInvoke } from './self-invoke.ts';
import { type StoredTask, type TaskCall, toTask } from './task.ts';
import { missingExtension, toClientError, withClientErrors } from './task-errors.ts';
import { DEFAULT_ATTEMPTS, type DynamoTasksOptions, type LongTool } from './task-options.ts';

export interface TaskServices {
  store: Store;
  callAws: CallAws;
}

/** How a message is handled: as a task, or by the tool's `fallback`. All messages but calls of long tools are 'run-inline'. */
type Mode = 'create-task' | NonNullable<LongTool['fallback']>;

export class TaskRoute implements MountedTasks {
  readonly #host: TaskHost;
  readonly #options: Required<DynamoTasksOptions>;
  readonly #services: TaskServices;
  readonly #clientStore: Store;
  readonly #usesPollTool: boolean;
  /** Messages by request, because a server factory gets only the request. */
  readonly #messages = new WeakMap<Request, RouteMessage>();
  readonly #handlers: Readonly<Record<Mode, McpHttpHandler>>;

  constructor(host: TaskHost, options: Required<DynamoTasksOptions>, services: TaskServices) {
    this.#host = host;
    this.#options = options;
    this.#services = services;
    this.#clientStore = withClientErrors(services.store);
    this.#usesPollTool = Object.values(options.tools).some(({ fallback }) => fallback === 'poll-tool');
    this.#handlers = {
      'run-inline': host.handlerFor(context => this.#createServer(context)),
      'create-task': host.handlerFor(context => this.#createServerForTask(context)),
      'poll-tool': host.handlerFor(context => this.#createServerForPollTool(context)),
      reject: host.handlerFor(context => this.#createServerForReject(context)),
    };
  }

  serve(request: Request, options: McpHandlerRequestOptions, route: RouteMessage): Promise<Response> {
    this.#messages.set(request, route);
    return this.#handlers[this.#modeOf(route.message)].fetch(request, options);
  }

  readonly runJob: BackgroundJobHandler = (taskKey, signal, tenantId) =>
    runTask(taskKey, signal, {
      tenantId,
      store: this.#services.store,
      serve: (request, options) => this.#host.handler.fetch(request, options),
      leaseMs: this.#options.leaseMs,
      attemptsOf: this.#attemptsOf,
    });

  /** Returns the mode of a message, which is not validated yet: the SDK validates it in every mode. */
  #modeOf(message: unknown): Mode {
    const { method, params } = (message ?? {}) as { method?: unknown; params?: Record<string, unknown> };
    const tool = method === 'tools/call' ? this.#toolOf(params?.name) : undefined;
    if (!tool) return 'run-inline';
    const meta = params?._meta as Record<string, unknown> | undefined;
    if (!supportsExtension(meta?.[CAPABILITIES])) return tool.fallback ?? 'run-inline';
    const hasInput = params?.inputResponses !== undefined || params?.requestState !== undefined;
    return tool.start === 'after-input' && !hasInput ? 'run-inline' : 'create-task';
  }

  /** Creates the route's server, with the extension and the poll tool. */
  async #createServer(context: McpRequestContext): Promise<McpServer | Server> {
    const server = await this.#host.factory(context);
    const tasks = this.#tasksOf(context);
    if (context.era === 'modern') addExtension(server, tasks, this.#options.pollIntervalMs);
    if (this.#usesPollTool) addPollTool(server, tasks, this.#options.waitMs);
    return server;
  }

  async #createServerForTask(context: McpRequestContext): Promise<McpServer | Server> {
    const server = await this.#createServer(context);
    const createTask = async () => {
      const { item, taskId } = await this.#tasksOf(context).create(this.#callOf(context));
      return { resultType: 'task', ...toTask(item, taskId, this.#options.pollIntervalMs) };
    };
    // The SDK has no type for CreateTaskResult. It sends it as it is, with an empty `content`.
    sdkServerOf(server).setRequestHandler('tools/call', createTask as never);
    return server;
  }

  async #createServerForPollTool(context: McpRequestContext): Promise<McpServer | Server> {
    const server = await this.#createServer(context);
    sdkServerOf(server).setRequestHandler('tools/call', async (_request, ctx) => {
      const tasks = this.#tasksOf(context);
      const { taskId } = await tasks.create(this.#callOf(context));
      return waitForResult(taskId, tasks, this.#options.waitMs, ctx);
    });
    return server;
  }

  async #createServerForReject(context: McpRequestContext): Promise<McpServer | Server> {
    const server = await this.#host.factory(context);
    sdkServerOf(server).setRequestHandler('tools/call', () => Promise.reject(missingExtension()));
    return server;
  }

  #tasksOf(context: McpRequestContext): CallerTasks {
    const { path, route, functionArn, tenantId } = this.#messageOf(context);
    const { ttlSeconds, leaseMs } = this.#options;
    return new CallerTasks({
      store: this.#clientStore,
      path,
      caller: context.authInfo,
      ttlSeconds,
      leaseMs,
      attemptsOf: this.#attemptsOf,
      start: taskKey =>
        selfInvoke(this.#services.callAws, { functionArn, tenantId }, { path: route, taskKey }).catch(
          error => {
            throw toClientError(error);
          },
        ),
    });
  }

  #messageOf({ requestInfo }: McpRequestContext): RouteMessage {
    const found = requestInfo && this.#messages.get(requestInfo);
    if (!found) throw new Error('A server was created for a request that this route did not receive.');
    return found;
  }

  #callOf(context: McpRequestContext): TaskCall['message'] {
    return this.#messageOf(context).message as TaskCall['message'];
  }

  #toolOf(name: unknown): LongTool | undefined {
    const { tools } = this.#options;
    return typeof name === 'string' && Object.hasOwn(tools, name) ? tools[name] : undefined;
  }

  readonly #attemptsOf = ({ call }: StoredTask): number =>
    this.#toolOf(call.message.params.name)?.attempts ?? DEFAULT_ATTEMPTS;
}
