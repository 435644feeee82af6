/**
 * The function: what `handler.stream` and `handler.buffered` name, in the image's CMD and in Terraform.
 *
 * May be imported outside the Runtime Interface Client (tests, tools): then `stream` says that it needs the client.
 */
import { createApp } from '../app.ts';
import { config } from '../config.ts';
import { routes } from '../routes.ts';
import { bufferedHandler, streamingHandler } from './adapter.ts';
import { installFaultHandlers, leavingAfterFault } from './faults.ts';
import { warmUp } from './warm-up.ts';

config(); // A bad setting must stop the init, not the first request.
const app = createApp(routes);
const underRuntimeClient = typeof globalThis.awslambda?.streamifyResponse === 'function';

/** Response streaming: Function URLs with invoke mode RESPONSE_STREAM, REST APIs with response transfer mode STREAM. */
export const stream = underRuntimeClient
  ? awslambda.streamifyResponse(leavingAfterFault(streamingHandler(app.fetch)))
  : needsRuntimeClient;

/** Whole answers: HTTP APIs, load balancers, buffered REST APIs, Function URLs with invoke mode BUFFERED. */
export const buffered = leavingAfterFault(bufferedHandler(app.fetch));

if (underRuntimeClient) {
  installFaultHandlers();
  await warmUp();
}

async function needsRuntimeClient(): Promise<never> {
  throw new Error(
    'handler.stream answers only under aws-lambda-ric. Start it with "npm start", or call handler.buffered.',
  );
}
