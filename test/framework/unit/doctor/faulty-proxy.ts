/** A proxy in front of a healthy server that changes requests and responses as proxies, policies and crashes do. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Fault {
  /** Responds instead of the server. Returns whether it did. */
  respond?(incoming: IncomingMessage, response: ServerResponse): boolean;
  /** Changes the headers of the request. */
  toServer?(headers: IncomingMessage['headers']): void;
  /** Changes the raw headers of the response, pairs of a name and a value. */
  toClient?(headers: [string, string][], incoming: IncomingMessage): void;
  /** Whether the proxy buffers the body until it is complete. */
  buffers?: boolean;
  /** A status whose responses never end. */
  hangsOn?: number;
}

export interface FaultyProxy {
  url: string;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startFaultyProxy(upstream: string, fault: Fault): Promise<FaultyProxy> {
  const server = createServer((incoming, response) => {
    if (fault.respond?.(incoming, response)) return;
    forward(upstream, fault, incoming, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function forward(upstream: string, fault: Fault, incoming: IncomingMessage, response: ServerResponse): void {
  const headers = { ...incoming.headers };
  fault.toServer?.(headers);
  const options = { method: incoming.method, headers };
  const outgoing = request(new URL(incoming.url ?? '/', upstream), options, async received => {
    const raw = received.rawHeaders;
    const back = raw.flatMap((name, at): [string, string][] => (at % 2 ? [] : [[name, raw[at + 1] ?? '']]));
    fault.toClient?.(back, incoming);
    response.writeHead(received.statusCode ?? 500, back.flat());
    const parts: Buffer[] = [];
    for await (const part of received) {
      if (fault.buffers) parts.push(part);
      else response.write(part);
    }
    response.write(Buffer.concat(parts));
    if (received.statusCode !== fault.hangsOn) response.end();
  });
  outgoing.once('error', error => response.destroy(error));
  incoming.pipe(outgoing);
}
