declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** Creates a server with a store in memory; it does not have to listen. */
  export default function dynalite(options: { createTableMs?: number }): Server;
}
