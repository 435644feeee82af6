/** Serves providers to Terraform by gRPC, each on a Unix socket that TF_REATTACH_PROVIDERS contains. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServiceClientConstructor,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { Calls } from './provider.ts';

export interface Attached {
  /** Value of TF_REATTACH_PROVIDERS for a Terraform that uses these providers. */
  reattach: string;
  close(): void;
}

const PROTO = new URL('provider.proto', import.meta.url).pathname;
const LOADING = { keepCase: true, longs: Number, enums: String, defaults: false, oneofs: true };

/** Starts the providers. `providers` has the calls by provider address, such as `hashicorp/aws`. */
export async function attach(providers: Readonly<Record<string, Calls>>): Promise<Attached> {
  const folder = mkdtempSync(join(tmpdir(), 'providers-'));
  const servers: Server[] = [];
  const announced: Record<string, object> = {};
  for (const [index, [address, calls]] of Object.entries(providers).entries()) {
    const socket = join(folder, `${index}.sock`);
    servers.push(await listen(socket, calls));
    const Addr = { Network: 'unix', String: socket };
    announced[address] = { Protocol: 'grpc', ProtocolVersion: 5, Pid: process.pid, Test: true, Addr };
  }
  const close = (): void => {
    for (const server of servers) server.forceShutdown();
    rmSync(folder, { recursive: true });
  };
  return { reattach: JSON.stringify(announced), close };
}

async function listen(socket: string, calls: Calls): Promise<Server> {
  const server = new Server();
  server.addService(providerService(), implementation(calls));
  const bind = promisify(server.bindAsync.bind(server));
  await bind(`unix:${socket}`, ServerCredentials.createInsecure());
  return server;
}

function providerService(): ServiceClientConstructor['service'] {
  const { tfplugin5 } = loadPackageDefinition(loadSync(PROTO, LOADING));
  return (tfplugin5 as unknown as { Provider: ServiceClientConstructor }).Provider.service;
}

function implementation(calls: Calls): UntypedServiceImplementation {
  const entries = Object.entries(calls).map(([name, call]) => [
    name,
    async (...[{ request }, reply]: Parameters<UnaryHandler>) => {
      try {
        reply(null, await call(request));
      } catch (error) {
        const fault = error instanceof Error ? error : new Error(String(error));
        reply({ code: status.INTERNAL, details: `The stand-in failed in ${name}: ${fault.stack}` });
      }
    },
  ]);
  return Object.fromEntries(entries);
}

type UnaryHandler = (
  call: { request: Parameters<Calls[string]>[0] },
  reply: (error: { code: number; details: string } | null, response?: object) => void,
) => void;
