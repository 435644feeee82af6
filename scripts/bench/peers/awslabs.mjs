/** awslabs' adapter around a stdio server, with Function URL events. */
import { fileURLToPath } from 'node:url';
import {
  LambdaFunctionURLEventHandler,
  StdioServerAdapterRequestHandler,
} from '@aws/run-mcp-servers-with-aws-lambda';

const args = [fileURLToPath(new URL('stdio-server.mjs', import.meta.url))];
const handler = new LambdaFunctionURLEventHandler(
  new StdioServerAdapterRequestHandler({ command: process.execPath, args }),
);

export const buffered = (event, context) => handler.handle(event, context);
