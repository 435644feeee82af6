import { type Call, FUNCTION_ARN, type Outcome } from './target.ts';

/** One call of the Runtime API by scripted-runtime.mjs, or the end of the process. `{id}` is the request ID of the last invocation. */
export type Step = Request | { exit: number } | { kill: string };

export interface Request {
  method?: string;
  /** Path of the request. */
  path: string;
  headers?: Record<string, string>;
  body?: string;
  /** Size in bytes of a body of `x`. */
  size?: number;
  /** Sends the body chunked. */
  chunks?: readonly string[];
  trailers?: Record<string, string>;
  /** Closes the connection with this number of bytes missing. */
  cut?: number;
}

/** The results of one target. */
export interface Seen {
  init: string;
  invocations: Outcome[];
  /** Responses of the Runtime API. */
  responses?: unknown[];
}

export interface Scenario {
  name: string;
  /** A handler of test/fixtures/functions.mjs, run by a runtime client; or the steps of the scripted runtime. */
  function:
    | { handler: string; env?: Record<string, string> }
    | { steps: readonly Step[] }
    | { command: readonly [string] };
  calls: readonly Call[];
  timeoutMs?: number;
  initTimeoutMs?: number;
  /** The differences between the targets. */
  differs?: Difference;
  /**
   * Whether the outcome depends on timing under aws-lambda-ric as installed: after an error of a streaming handler it requests the next
   * invocation while the error is still on its way (scripts/build/patches/lambda-ric/failed-response-awaited.diff).
   */
  racesAsInstalled?: true;
}

/** The exact differences and their reason. */
export interface Difference {
  reason: string;
  /** By path in {@link Seen}, the value of the local Lambda and that of AWS's core. */
  at: Record<string, readonly [local: unknown, aws: unknown]>;
}

const BASE = '/2018-06-01/runtime';
const JSON_TYPE = { 'content-type': 'application/json' };
const STREAMING = { 'content-type': 'text/plain', 'lambda-runtime-function-response-mode': 'streaming' };
const NEXT: Request = { method: 'GET', path: `${BASE}/invocation/next` };
const post = (path: string, more: Partial<Request> = {}): Request => ({ path: `${BASE}/${path}`, ...more });
const respond = (more: Partial<Request> = {}): Request =>
  post('invocation/{id}/response', { body: '"ok"', headers: JSON_TYPE, ...more });
const fail = (more: Partial<Request> = {}): Request =>
  post('invocation/{id}/error', { body: '{"errorMessage":"why","errorType":"Bad"}', ...more });

const does = (what: string, more: Partial<Call> = {}): Call => ({
  payload: JSON.stringify({ queryStringParameters: { do: what } }),
  streaming: true,
  ...more,
});
const as = (what: string): Call => ({ payload: JSON.stringify({ queryStringParameters: { as: what } }) });
const call: Call = { payload: '{}' };

/** The difference if AWS's front end, which is not part of the core, creates the response. */
function timeoutMessage(seconds: number): Difference {
  const message = `RequestId: ID Error: Task timed out after ${seconds.toFixed(2)} seconds`;
  return {
    reason:
      'The core ends the invocation; the message is the front end’s: https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html',
    at: {
      'invocations.0.error': ['Sandbox.Timeout', undefined],
      'invocations.0.body': [undefined, ''],
      'invocations.0.body.errorType': ['Sandbox.Timeout', undefined],
      'invocations.0.body.errorMessage': [message, undefined],
    },
  };
}

function emptyError(type: string): Difference {
  return {
    reason:
      'The core passes the empty body on; the front end then sends this error (comment at ErrorInvokeResponse in interop/sandbox_model.go).',
    at: {
      'invocations.0.body': [undefined, ''],
      'invocations.0.body.errorType': [type, undefined],
      'invocations.0.body.errorMessage': ['Unknown application error occurred', undefined],
    },
  };
}

const NO_CONTENT_TYPE: Difference = {
  reason:
    'The core passes no type on; an Invoke API response always has one: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html',
  at: { 'invocations.0.contentType': ['application/json', undefined] },
};

const TRUNCATED: Difference = {
  reason:
    'The core passes on the part that it has, with the mark Truncated; what the front end makes of it is not documented.',
  at: {
    'invocations.0.contentType': [undefined, 'application/json'],
    'invocations.0.body': [undefined, '"half'],
    'invocations.0.body.errorType': ['Runtime.TruncatedResponse', undefined],
    'invocations.0.body.errorMessage': ['The runtime did not complete the response.', undefined],
  },
};

const TRACE_PARENT: Difference = {
  reason:
    'The core’s tracer puts the name of its own segment in place of the parent; the local Lambda has no segments.',
  at: {
    'invocations.0.body.traceId': [
      'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1',
      'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=Invocation;Sampled=1',
    ],
  },
};

const BY_EMULATOR: Difference = {
  reason: 'This path of the core names no function.',
  at: {
    'responses.0.headers.lambda-runtime-invoked-function-arn': [FUNCTION_ARN, undefined],
  },
};

const LARGE_ERROR: Difference = {
  reason:
    'The core panics while it handles the request and the runtime cannot go on; AWS documents no limit. The local Lambda drops the body.',
  at: {
    'invocations.0.body': [undefined, `${'x'.repeat(80)}... 6291557 characters`],
    'invocations.0.body.errorType': ['Runtime.Unknown', undefined],
    'invocations.0.body.errorMessage': ['Unknown application error occurred', undefined],
    'invocations.0.logged.status': ['success', 'timeout'],
    'responses.1.status': [202, undefined],
    'responses.1.body.status': ['OK', undefined],
    'responses.1.headers.content-type': ['application/json', undefined],
    'responses.1.broken': [undefined, true],
    'responses.2.call': [undefined, `GET ${NEXT.path}`],
    'responses.2.status': [undefined, 403],
    'responses.2.headers.content-type': [undefined, 'application/json'],
    'responses.2.body.errorType': [undefined, 'InvalidStateTransition'],
    'responses.2.body.errorMessage': [
      undefined,
      'State transition from InvocationErrorResponse to Ready failed for runtime. Error: State transition is not allowed',
    ],
  },
};

/** Scenarios for each client of the Runtime API. */
export const FUNCTIONS: readonly Scenario[] = [
  {
    name: 'the init succeeds',
    function: { handler: 'echoBuffered' },
    calls: [{ payload: '{"n":1}' }, { payload: '{"n":2}' }],
  },
  {
    name: 'the module throws while it is imported',
    function: { handler: 'act', env: { FIXTURE_THROWS: 'at import' } },
    calls: [does('ok')],
  },
  { name: 'the handler is not exported', function: { handler: 'nowhere' }, calls: [call] },
  {
    name: 'the process exits during init',
    function: { handler: 'act', env: { FIXTURE_EXITS: '3' } },
    calls: [does('ok')],
  },
  {
    name: 'the init hangs',
    function: { handler: 'act', env: { FIXTURE_SLEEPS_MS: '60000' } },
    calls: [does('ok')],
    initTimeoutMs: 500,
    timeoutMs: 500,
    differs: timeoutMessage(0.5),
  },
  {
    name: 'the init is too slow once',
    function: { handler: 'act', env: { FIXTURE_SLEEPS_MS: '1000' } },
    calls: [does('empty')],
    initTimeoutMs: 500,
    timeoutMs: 20_000,
  },
  { name: 'a buffered handler throws', function: { handler: 'buffered' }, calls: [as('throws'), as('full')] },
  { name: 'an unhandled rejection', function: { handler: 'buffered' }, calls: [as('rejects'), as('full')] },
  {
    name: 'a buffered response over the limit',
    function: { handler: 'buffered' },
    calls: [{ ...as('large'), byEmulator: true }, as('full')],
  },
  {
    name: 'a streaming handler throws before the first byte',
    function: { handler: 'act' },
    calls: [does('throwBefore'), does('empty')],
    racesAsInstalled: true,
  },
  {
    name: 'a streaming handler throws in mid-stream',
    function: { handler: 'act' },
    calls: [does('throwMidway'), does('empty')],
    racesAsInstalled: true,
  },
  {
    name: 'exit before the first byte',
    function: { handler: 'act' },
    calls: [does('exitBefore'), does('empty')],
  },
  { name: 'exit in mid-stream', function: { handler: 'act' }, calls: [does('exitMidway'), does('empty')] },
  {
    name: 'a kill before the first byte',
    function: { handler: 'act' },
    calls: [does('killBefore'), does('empty')],
  },
  { name: 'a kill in mid-stream', function: { handler: 'act' }, calls: [does('killMidway'), does('empty')] },
  {
    name: 'a timeout before the first byte',
    function: { handler: 'act' },
    calls: [does('waitBefore'), does('empty')],
    timeoutMs: 1500,
    differs: timeoutMessage(1.5),
  },
  {
    name: 'a timeout in mid-stream',
    function: { handler: 'act' },
    calls: [does('waitMidway'), does('empty')],
    timeoutMs: 1500,
  },
  {
    name: 'a buffered invocation of a streaming handler',
    function: { handler: 'act' },
    calls: [does('headers', { streaming: false })],
  },
  {
    name: 'a streaming invocation of a buffered handler',
    function: { handler: 'buffered' },
    calls: [{ ...as('full'), streaming: true }],
  },
  {
    name: 'every header of invocation/next reaches the handler',
    function: { handler: 'context' },
    calls: [
      {
        payload: '{}',
        traceId: 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1',
        clientContext: '{"custom":{"a":"1"}}',
      },
      call,
    ],
    differs: TRACE_PARENT,
  },
];

/** Scenarios of the scripted runtime. */
export const SCRIPTS: readonly Scenario[] = [
  { name: 'a response', function: { steps: [NEXT, respond(), NEXT] }, calls: [call] },
  { name: 'a response twice', function: { steps: [NEXT, respond(), respond(), NEXT] }, calls: [call] },
  { name: 'an error after a response', function: { steps: [NEXT, respond(), fail(), NEXT] }, calls: [call] },
  { name: 'a response after an error', function: { steps: [NEXT, fail(), respond(), NEXT] }, calls: [call] },
  {
    name: 'a wrong request ID',
    function: {
      steps: [
        NEXT,
        post('invocation/other/response'),
        post('invocation/other/error'),
        post('invocation//response'),
        respond(),
        NEXT,
      ],
    },
    calls: [call],
  },
  {
    name: 'a request ID of the invocation before',
    function: { steps: [NEXT, respond(), post('invocation/{id}/response'), NEXT, respond(), NEXT] },
    calls: [call, call],
  },
  {
    name: 'a response before any invocation',
    function: {
      steps: [post('invocation/none/response'), post('invocation/none/error'), NEXT, respond(), NEXT],
    },
    calls: [call],
  },
  {
    name: 'a response over the limit',
    function: { steps: [NEXT, respond({ size: 6_291_557 }), NEXT] },
    calls: [{ ...call, byEmulator: true }],
    differs: BY_EMULATOR,
  },
  {
    name: 'a response of just the limit',
    function: { steps: [NEXT, respond({ size: 6_291_556 }), NEXT] },
    calls: [call],
  },
  {
    name: 'an error over the limit',
    function: { steps: [NEXT, fail({ size: 6_291_557 }), NEXT] },
    calls: [call],
    timeoutMs: 2_000,
    differs: LARGE_ERROR,
  },
  { name: 'next without a response', function: { steps: [NEXT, NEXT, respond(), NEXT] }, calls: [call] },
  {
    name: 'the process exits after the response',
    function: { steps: [NEXT, respond(), { exit: 0 }] },
    calls: [call],
  },
  {
    name: 'the process fails after the response',
    function: { steps: [NEXT, respond(), { exit: 2 }] },
    calls: [call],
  },
  {
    name: 'the process exits with 0 instead of a response',
    function: { steps: [NEXT, { exit: 0 }] },
    calls: [call],
  },
  ...['SIGTERM', 'SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGILL'].map(kill => ({
    name: `the process ends by ${kill}`,
    function: { steps: [NEXT, { kill }] },
    calls: [call],
  })),
  {
    name: 'a response without a content type',
    function: { steps: [NEXT, respond({ headers: {} }), NEXT] },
    calls: [call],
    differs: NO_CONTENT_TYPE,
  },
  { name: 'an empty response', function: { steps: [NEXT, respond({ body: '' }), NEXT] }, calls: [call] },
  {
    name: 'a response that is not JSON, with its content type',
    function: { steps: [NEXT, respond({ body: 'text', headers: { 'content-type': 'text/plain' } }), NEXT] },
    calls: [call],
  },
  {
    name: 'a response that breaks off',
    function: { steps: [NEXT, respond({ body: '"half', cut: 10 }), NEXT] },
    calls: [call],
    differs: TRUNCATED,
  },
  {
    name: 'an unknown response mode',
    function: {
      steps: [
        NEXT,
        respond({ headers: { ...JSON_TYPE, 'lambda-runtime-function-response-mode': 'chatty' } }),
        respond(),
        NEXT,
      ],
    },
    calls: [call],
    timeoutMs: 2_000,
    differs: emptyError('Runtime.InvalidResponseModeHeader'),
  },
  {
    name: 'a streamed response',
    function: { steps: [NEXT, streamed(['one', 'two']), NEXT] },
    calls: [{ ...call, streaming: true }],
  },
  {
    name: 'a streamed response that is empty',
    function: { steps: [NEXT, streamed([]), NEXT] },
    calls: [{ ...call, streaming: true }],
  },
  {
    name: 'a streamed response with error trailers',
    function: {
      steps: [
        NEXT,
        streamed(['half'], {
          'Lambda-Runtime-Function-Error-Type': 'Bad.Type',
          'Lambda-Runtime-Function-Error-Body': Buffer.from(
            '{"errorMessage":"why","errorType":"Bad"}',
          ).toString('base64'),
        }),
        NEXT,
      ],
    },
    calls: [{ ...call, streaming: true }],
  },
  {
    name: 'a streamed response that breaks off',
    function: { steps: [NEXT, respond({ body: 'half', cut: 10, headers: STREAMING }), NEXT] },
    calls: [{ ...call, streaming: true }],
  },
  {
    name: 'a streamed response over the limit of a buffered one',
    function: { steps: [NEXT, respond({ size: 6_291_557, headers: STREAMING }), NEXT] },
    calls: [{ ...call, streaming: true }],
  },
  ...[undefined, 'Runtime.Mine', 'Function.Mine', 'Mine', 'Function.mine', 'x'.repeat(300)].map(type => ({
    name: `an error of the type ${type?.slice(0, 20) ?? 'that only its body names'}`,
    function: {
      steps: [NEXT, fail({ headers: type ? { 'lambda-runtime-function-error-type': type } : {} }), NEXT],
    },
    calls: [call],
  })),
  {
    name: 'an error that is not JSON',
    function: { steps: [NEXT, fail({ body: 'no JSON' }), NEXT] },
    calls: [call],
  },
  {
    name: 'an error without a body',
    function: { steps: [NEXT, fail({ body: '' }), NEXT] },
    calls: [call],
    differs: emptyError('Runtime.Unknown'),
  },
  {
    name: 'init/error, then exit',
    function: {
      steps: [
        post('init/error', {
          body: '{"errorMessage":"why","errorType":"Bad"}',
          headers: { 'lambda-runtime-function-error-type': 'Function.Mine' },
        }),
        { exit: 1 },
      ],
    },
    calls: [call],
  },
  {
    name: 'init/error that is not JSON, then exit',
    function: { steps: [post('init/error', { body: 'no JSON' }), { exit: 1 }] },
    calls: [call],
  },
  {
    name: 'init/error twice, then exit',
    function: {
      steps: [post('init/error', { body: '{}' }), post('init/error', { body: '{}' }), { exit: 1 }],
    },
    calls: [],
  },
  {
    name: 'init/error, then next',
    function: { steps: [post('init/error', { body: '{}' }), NEXT, { exit: 1 }] },
    calls: [],
  },
  {
    name: 'init/error during an invocation',
    function: { steps: [NEXT, post('init/error', { body: '{}' }), respond(), NEXT] },
    calls: [call],
  },
  {
    name: 'restore/next and restore/error without SnapStart',
    function: {
      steps: [{ method: 'GET', path: `${BASE}/restore/next` }, post('restore/error'), NEXT, respond(), NEXT],
    },
    calls: [call],
  },
  {
    name: 'unknown routes',
    function: {
      steps: [
        ...[
          '/',
          '/2018-06-01/',
          `${BASE}`,
          `${BASE}/next`,
          `${BASE}/invocation/next/`,
          `/2018-06-02/runtime/invocation/next`,
          `${BASE}/invocation/x/response`,
        ].map(path => ({ method: 'GET', path })),
        { method: 'GET', path: '/2018-06-01/ping' },
        ...[`${BASE}/invocation/next`, `${BASE}/invocation/x/other`, `${BASE}/init`].map(path => ({ path })),
        { method: 'PUT', path: `${BASE}/init/error` },
        { method: 'HEAD', path: `${BASE}/invocation/next` },
        NEXT,
        respond(),
        NEXT,
      ],
    },
    calls: [call],
  },
  {
    name: 'a query string',
    function: {
      steps: [
        { method: 'GET', path: `${BASE}/invocation/next?a=1` },
        respond({ path: `${BASE}/invocation/{id}/response?a=1` }),
        NEXT,
      ],
    },
    calls: [call],
  },
];

/** Scenarios without a runtime. */
export const COMMANDS: readonly Scenario[] = [
  { name: 'the command does not exist', function: { command: ['/nowhere/runtime'] }, calls: [call] },
];

function streamed(chunks: readonly string[], trailers?: Record<string, string>): Request {
  return respond({
    chunks,
    headers: {
      ...STREAMING,
      ...(trailers && { trailer: Object.keys(trailers).join(', ') }),
    },
    ...(trailers && { trailers }),
  });
}
