/** All properties, in the order in which they are tested. */
import type { Property } from '../property.ts';
import { cursors } from './cursors.ts';
import { events } from './events.ts';
import { http } from './http.ts';
import { jsonRpc, largeBodies } from './json-rpc.ts';
import { oauthProxy } from './oauth-proxy.ts';
import { paths } from './paths.ts';
import { protocolHeaders } from './protocol-headers.ts';
import { results } from './results.ts';
import { runtimeApi } from './runtime-api.ts';
import { longLines, stdio } from './stdio.ts';
import { taskSizes } from './task-sizes.ts';
import { tokens } from './tokens.ts';

export const PROPERTIES: readonly Property[] = [
  events,
  http,
  jsonRpc,
  largeBodies,
  protocolHeaders,
  tokens,
  oauthProxy,
  runtimeApi,
  paths,
  results,
  cursors,
  taskSizes,
  stdio,
  longLines,
] as readonly unknown[] as readonly Property[];
