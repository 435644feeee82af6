/** An https server for client metadata documents, with host names that only the given resolver knows. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { DocumentAccess } from '../../app/framework/oauth-proxy/fetch-document.ts';
import { CERTIFICATE, PRIVATE_KEY } from '../fixtures/tls/certificate.ts';

export interface ClientDocuments {
  /** `https://client.example:PORT` */
  origin: string;
  port: number;
  /** The documents or request handlers, by path. */
  served: Map<string, object | ((request: IncomingMessage, response: ServerResponse) => void)>;
  requests: string[];
  access: DocumentAccess;
  /** Serves a document of a public client and returns its client_id. */
  publish(path: string, document: object): string;
  close(): Promise<void>;
}

export async function startClientDocuments(): Promise<ClientDocuments> {
  const served: ClientDocuments['served'] = new Map();
  const requests: string[] = [];
  const server = createServer({ cert: CERTIFICATE, key: PRIVATE_KEY }, (request, response) => {
    requests.push(request.url ?? '');
    const found = served.get(request.url ?? '');
    if (typeof found === 'function') return found(request, response);
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(found ?? {}));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const origin = `https://client.example:${port}`;
  return {
    origin,
    port,
    served,
    requests,
    access: loopbackAccess,
    publish(path, document) {
      served.set(path, { client_id: `${origin}${path}`, ...document });
      return `${origin}${path}`;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Resolves the names of the certificate to this machine. */
export const loopbackAccess: DocumentAccess = {
  ca: CERTIFICATE,
  resolve: async hostname => {
    if (!hostname.endsWith('.example')) throw new Error(`${hostname} is not known in tests`);
    return { address: '127.0.0.1', family: 4 };
  },
};
